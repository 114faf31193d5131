#include "actors/runtime.hpp"

#include <atomic>
#include <limits>
#include <thread>
#include <utility>

#include <caf/send.hpp>

#include "actors/context.hpp"
#include "actors/defaults.hpp"
#include "actors/house.hpp"
#include "actors/request_check.hpp"

namespace baton::actors {

struct runtime::impl {
  explicit impl(std::shared_ptr<context> c) : shared(std::move(c)), system(config) {}

  metadata::time_point now() { return system.clock().now() - shared->epoch; }
  trace::voice voice() const { return {trace::party::kind::runtime, shared->tracer.get()}; }
  template <class Actor, class Message>
  void send(const Actor& to, Message&& m) {
    constexpr bool to_controller = std::is_same_v<Actor, controller_actor>;
    voice().says(m, to_controller ? scheduling::the_controller : scheduling::the_scheduler);
    caf::anon_send<caf::message_priority::high>(to, std::forward<Message>(m));
  }

  /// True once all that the domains had of the model has been freed, by this thread. Who gave a task away, or stored
  /// its outputs, lets go of the values a little after the others heard of it.
  bool wait_freed(metadata::model_id id, std::chrono::milliseconds timeout) {
    auto give_up = std::chrono::steady_clock::now() + timeout;
    auto left = shared->board.wait_model_gone(id, timeout);
    while (left && left->in_use() && shared->board.waiting() && std::chrono::steady_clock::now() < give_up)
      std::this_thread::sleep_for(defaults::release_interval);
    return left && !left->in_use();
  }

  std::shared_ptr<context> shared;
  house_config config;
  caf::actor_system system; // its end waits for all actors, so what they use stands above it
  house actors;
  std::atomic<std::uint64_t> last_request{0};
};

runtime::runtime(std::unique_ptr<impl> i) : impl_(std::move(i)) {}

expected<std::unique_ptr<runtime>> runtime::start(runtime_options options) {
  // Whatever the quantum: with it, kernels would change, and answers by some bits.
  options.machine.cuts.longer_than = scheduling::defaults::quantum;
  auto machine = gpu::open_machine(options.devices, options.machine);
  if (!machine)
    return tl::unexpected(machine.error());
  if ((*machine)->devices().empty())
    return fail(errc::bad_argument, "no devices are given");
  auto shared = std::make_shared<context>(std::move(*machine), options.max_open_requests, options.max_open_bytes);
  shared->quantum = options.quantum;
  shared->epoch = std::chrono::steady_clock::now(); // the actors' clock too
  scheduling::engine::config decisions{
      .devices = shared->devices, .policy = options.policy, .backlog = options.backlog};
  auto engine = scheduling::engine::make(decisions);
  if (engine && engine->most_rows() > 1)
    return fail(errc::bad_argument, "policy '" + options.policy
                                        + "' is not live yet: it makes one task of several requests, which no device "
                                          "runs; 'baton simulate' has it");
  if (!engine)
    return tl::unexpected(engine.error());
  std::shared_ptr<engine_log_writer> log;
  if (!options.engine_log.empty()) {
    auto opened = engine_log_writer::open(options.engine_log, decisions, options.engine_log_limit);
    if (!opened)
      return tl::unexpected(opened.error());
    log = std::move(*opened);
  }
  if (!options.trace.empty()) {
    auto opened =
        trace::recorder::open(options.trace, trace::names_of(*shared->machine), shared->epoch, options.trace_limit);
    if (!opened)
      return tl::unexpected(opened.error());
    shared->tracer = std::move(*opened);
  }
  std::unique_ptr<runtime> r(new runtime(std::make_unique<impl>(shared)));
  r->impl_->actors = open_house(r->impl_->system, shared, *engine, std::move(log), std::move(options.on_vital_death));
  if (auto up = shared->board.wait_all_serving(defaults::start_timeout); !up)
    return tl::unexpected(up.error());
  return r;
}

runtime::~runtime() {
  auto& i = *impl_;
  i.shared->gate.close();
  i.send(i.actors.controller, end_everything{errc::unavailable, "the server is shutting down"});
  i.shared->gate.wait_empty(defaults::stop_timeout);
  close_house(i.actors);
  i.actors = {};
  auto shared = i.shared;
  impl_.reset();
  end_orphans(*shared, "the server is shutting down");
  if (shared->tracer)
    shared->tracer->close();
}

expected<metadata::model_id> runtime::add_model(std::shared_ptr<const metadata::model> m,
                                                std::vector<metadata::symbol_values> warm,
                                                std::chrono::milliseconds timeout) {
  auto& shared = *impl_->shared;
  for (const auto& symbols : warm)
    if (symbols.size() != m->symbols().size())
      return fail(errc::bad_argument, "model '" + m->name() + "' has " + std::to_string(m->symbols().size())
                                          + " symbols, a shape to warm up gives " + std::to_string(symbols.size()));
  auto name = m->name();
  auto id = shared.models.add(m);
  if (shared.tracer)
    shared.tracer->add_model(id, *m);
  impl_->send(impl_->actors.scheduler, scheduling::model_added{id, std::move(warm)});
  auto ready = shared.board.wait_model_ready(id, timeout);
  if (ready && ready->failure == errc::none) {
    shared.models.publish(id);
    return id;
  }
  impl_->send(impl_->actors.scheduler, scheduling::model_removed{id});
  // What fails at once is gone at once, so that its memory is there for the next; what takes too long goes on its own.
  impl_->wait_freed(id, ready ? defaults::forget_timeout : std::chrono::milliseconds{0});
  if (ready)
    return fail(ready->failure, "model '" + name + "': " + ready->message);
  return fail(shared.board.waiting() ? errc::deadline_exceeded : errc::unavailable,
              "model '" + name + "' was not ready in time");
}

expected<void> runtime::remove_model(metadata::model_id id, std::chrono::milliseconds timeout) {
  auto& shared = *impl_->shared;
  auto m = shared.models.unpublish(id);
  if (!m)
    return fail(errc::not_found, "there is no model of number " + std::to_string(id.value));
  shared.requests.wait_none_of(id, timeout);
  impl_->send(impl_->actors.scheduler, scheduling::model_removed{id});
  if (!impl_->wait_freed(id, defaults::forget_timeout))
    return fail(shared.board.waiting() ? errc::deadline_exceeded : errc::unavailable,
                "model '" + m->name() + "' is removed, but a device is still busy with it");
  return {};
}

void runtime::stop_waiting() {
  impl_->shared->board.stop_waiting();
  impl_->shared->requests.stop_waiting();
}

std::shared_ptr<const metadata::model> runtime::find_model(metadata::model_id id) const {
  return impl_->shared->models.find_published(id);
}

expected<metadata::request_id> runtime::submit(request r) {
  auto& shared = *impl_->shared;
  auto found = shared.models.find_published(r.model);
  if (!found)
    return fail(errc::not_found, "there is no model of number " + std::to_string(r.model.value));
  auto attempt = checked_attempt(r, *found, r.model, *shared.devices);
  if (!attempt)
    return tl::unexpected(attempt.error());
  metadata::request_id id{++impl_->last_request};
  auto submitted = impl_->now();
  attempt->request = id;
  if (r.timeout && *r.timeout < metadata::never - submitted)
    attempt->deadline = submitted + *r.timeout;
  auto record = std::make_shared<request_record>();
  record->id = id;
  record->model_number = r.model;
  record->inputs = std::move(r.inputs);
  const auto bytes = record->input_bytes();
  if (auto entered = shared.gate.enter(shared.results.size(), bytes); !entered)
    return tl::unexpected(entered.error());
  shared.requests.add(std::move(record));
  // Either `remove_model` sees the request in the table, or we see that the model has gone.
  if (!shared.models.find_published(r.model) && shared.requests.take(id)) {
    shared.gate.leave(bytes);
    return fail(errc::not_found, "the model is being removed");
  }
  const auto voice = impl_->voice();
  voice.note(trace::request_arrived{voice.now(), id, attempt->model, attempt->priority, attempt->rows});
  impl_->send(impl_->actors.controller, new_request{std::move(*attempt), submitted});
  if (shared.controller_died)
    end_orphans(shared, "the controller died");
  return id;
}

void runtime::cancel(metadata::request_id id) {
  auto record = impl_->shared->requests.find(id);
  if (!record)
    return;
  record->cancelled = true;
  impl_->send(impl_->actors.controller, cancel_wanted{id});
}

done_queue& runtime::results() {
  return impl_->shared->results;
}

bool runtime::drain(std::chrono::milliseconds timeout) {
  auto& gate = impl_->shared->gate;
  gate.close();
  if (!gate.wait_empty(timeout))
    return false; // what is open may still need the engine's admission
  impl_->send(impl_->actors.scheduler, stop_admitting{});
  return true;
}

bool runtime::healthy() const {
  return impl_->shared->board.healthy();
}

std::span<const gpu::device_description> runtime::devices() const {
  return impl_->shared->machine->devices();
}

std::vector<gpu::domain_description> runtime::domains() const {
  std::vector<gpu::domain_description> all;
  for (const auto& d : impl_->shared->machine->domains())
    all.push_back(d->description());
  return all;
}

runtime_counters runtime::counters() const {
  const auto& shared = *impl_->shared;
  runtime_counters c{.engine = shared.board.counters(),
                     .open_requests = shared.gate.open(),
                     .waiting_tasks = shared.board.waiting_tasks(),
                     .devices = {},
                     .memory = {}};
  for (std::size_t i = 0; i < shared.meters.size(); ++i)
    c.devices.push_back({metadata::duration{shared.meters[i].busy}, shared.meters[i].segments, shared.meters[i].held,
                         shared.devices->devices[i].lanes});
  for (const auto& d : shared.machine->domains())
    c.memory.push_back(d->usage());
  return c;
}

void runtime::crash_worker(metadata::device_id d) {
  impl_->send(impl_->actors.scheduler, crash{d});
}

} // namespace baton::actors
