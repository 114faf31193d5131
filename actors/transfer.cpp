#include "actors/transfer.hpp"

#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "actors/handlers.hpp"

namespace baton::actors {

namespace {

bool same_parts(const metadata::plan_profile& a, const metadata::plan_profile& b, metadata::position at) {
  return at.part == 0 || a.parts[at.layer] == b.parts[at.layer];
}

} // namespace

void transfer_state::start(std::shared_ptr<context> shared, metadata::domain_id d, const scheduler_actor& scheduler) {
  shared_ = std::move(shared);
  domain_ = d;
  voice = {scheduling::transfer_of(d), shared_->tracer.get()};
  scheduler_ = scheduler.address();
  queue_.emplace(scheduling::transfer_queue::config{.self = d});
  self->monitor<caf::message_priority::high>(scheduler);
  self->set_down_handler([this](const caf::down_msg& m) { contain(*this, [&] { down(m); }); });
  auto copier = shared_->registry_of(d).memory().open_copy_engine();
  if (!copier) {
    spdlog::critical("transfer: {}", copier.error().message);
    self->quit(caf::sec::runtime_error);
    return;
  }
  copier_ = std::move(*copier);
}

void transfer_state::on(const introduction& m) {
  peers_.update(m);
}

void transfer_state::down(const caf::down_msg& m) {
  if (m.source == scheduler_) {
    self->quit(m.reason);
    return;
  }
  for (const auto& d : peers_.lost(m.source))
    queue_->on(d, effects_);
  act();
}

void transfer_state::on(const scheduling::deliver& m) {
  stays_.begin(m.what, now());
  queue_->on(m, effects_);
  act();
}

void transfer_state::on(const scheduling::accepted& m) {
  peers_.settled(m.task, m.epoch);
  stays_.end(m.task, m.epoch);
  queue_->on(m, effects_);
  act();
}

void transfer_state::on(const scheduling::declined& m) {
  peers_.settled(m.task, m.epoch);
  queue_->on(m, effects_);
  act();
}

void transfer_state::on(const scheduling::bring& m) {
  if (auto ready = prepare(m); !ready)
    queue_->refuse(m, ready.error().code, ready.error().message, effects_);
  else {
    stays_.begin(m.what, now());
    queue_->on(m, effects_);
  }
  act();
}

expected<void> transfer_state::prepare(const scheduling::bring& m) {
  auto& here = shared_->registry_of(domain_);
  auto record = m.what.members.empty() ? nullptr : shared_->requests.find(m.what.members.front().request);
  if (!record)
    return fail(errc::cancelled, "the request has ended");
  std::shared_ptr<held_values> from;
  if (m.from_device != metadata::no_device) {
    from = shared_->registry_of(m.from).find_values(m.what.id, kind_of(m.from_device));
    if (!from)
      return fail(errc::values_lost, "the task's values are not in the domain they were to come from");
  }
  auto plan = here.find_plan(m.what.model, m.what.symbols, kind_of(m.to));
  if (!plan)
    return fail(errc::not_found,
                "device " + shared_->description(m.to).name + " has no plan for the task's model and shape");
  if (from && !same_parts(from->plan->profile(), plan->profile(), m.what.at))
    return fail(errc::not_found,
                "device " + shared_->description(m.to).name + " cuts the layer that the task has begun in another way");
  auto values = here.make_values(m.what.id, kind_of(m.to), std::move(plan), std::move(record));
  return values ? expected<void>{} : tl::unexpected(values.error());
}

void transfer_state::on(const copy_next&) {
  asked_ = false;
  auto work = queue_->next();
  if (!work)
    return;
  const auto begun = voice.now();
  auto result = std::visit([this](const auto& m) { return carry_out(m); }, *work);
  std::visit([&](const auto& m) { note(m.what, m.from, begun, result); }, *work);
  queue_->copied(result ? errc::none : result.error().code, result ? std::string{} : result.error().message, effects_);
  act();
}

expected<std::size_t> transfer_state::carry_out(const scheduling::bring& m) {
  auto to = shared_->registry_of(domain_).find_values(m.what.id, kind_of(m.to));
  if (!to)
    return fail(errc::cancelled, "the task has ended");
  gpu::bindings inputs;
  gpu::values_at source{to->plan.get(), &inputs};
  std::shared_ptr<held_values> from;
  if (m.from_device == metadata::no_device) {
    for (const auto& x : to->record->inputs)
      inputs.inputs.push_back(x.data());
  } else {
    from = shared_->registry_of(m.from).find_values(m.what.id, kind_of(m.from_device));
    if (!from)
      return fail(errc::cancelled, "the task has ended");
    if (from == to)
      return 0;
    const auto& r = m.what.ready;
    source = {from->plan.get(), &from->data, {r.device, r.lane, r.sequence}};
  }
  auto copied = copier_->copy(source, {to->plan.get(), &to->data}, m.what.at, &to->record->cancelled);
  if (!copied)
    return copied;
  if (from) { // by now nobody adds to it any more
    to->data.layer_time = from->data.layer_time;
    to->data.device_time = from->data.device_time;
    stays_.computed(m.what.id, to->data.device_time);
  }
  from.reset();
  if (m.from_device != metadata::no_device)
    shared_->registry_of(m.from).release(m.what.id, kind_of(m.from_device));
  return copied;
}

expected<std::size_t> transfer_state::carry_out(const scheduling::deliver& m) {
  auto from = shared_->registry_of(m.from).find_values(m.what.id, kind_of(m.device));
  if (!from)
    return fail(errc::values_lost, "the outputs are gone");
  auto outputs = copier_->fetch_outputs({from->plan.get(), &from->data}, &from->record->cancelled);
  if (!outputs)
    return tl::unexpected(outputs.error());
  // A task has one member until batches are joined.
  for (const auto& member : m.what.members)
    from->record->put_outputs(member.attempt, *outputs, from->data.layer_time);
  return metadata::bytes_of(*outputs);
}

void transfer_state::note(const scheduling::task& t, metadata::domain_id from, metadata::time_point begun,
                          const expected<std::size_t>& copied) const {
  if (!voice.into)
    return;
  voice.note(trace::copy_made{.begin = begun,
                              .end = voice.now(),
                              .from = from,
                              .to = domain_,
                              .bytes = copied.value_or(0),
                              .task = t.id,
                              .request = t.members.empty() ? metadata::request_id{} : t.members.front().request,
                              .at = t.at,
                              .failure = copied ? errc::none : copied.error().code});
}

void transfer_state::act() {
  for (std::size_t i = 0; i < effects_.size(); ++i) {
    auto e = std::move(effects_[i]); // what follows may add effects
    if (auto* letter = std::get_if<scheduling::envelope>(&e))
      perform(std::move(*letter));
  }
  effects_.clear();
  if (!asked_ && !queue_->idle()) { // idle once the last is accepted; until then one look too many does no harm
    asked_ = true;
    voice.says(copy_next{}, voice.self);
    self->send(self, copy_next{});
  }
}

/// A stay ends with the last word about it: what the scheduler is told, or `accepted`.
void transfer_state::perform(scheduling::envelope&& letter) {
  stays_.stamp(letter.what, now());
  if (letter.to == scheduling::the_scheduler)
    std::visit(
        [this](const auto& m) {
          if constexpr (requires {
                          m.task;
                          m.epoch;
                        })
            stays_.end(m.task, m.epoch);
        },
        letter.what);
  std::vector<scheduling::declined> undelivered;
  peers_.send(voice, std::move(letter), undelivered);
  for (const auto& d : undelivered)
    queue_->on(d, effects_);
}

transfer_actor::behavior_type transfer(transfer_actor::stateful_pointer<transfer_state> self,
                                       std::shared_ptr<context> shared, metadata::domain_id d,
                                       const scheduler_actor& scheduler) {
  auto& st = self->state;
  st.start(std::move(shared), d, scheduler);
  return {handle<scheduling::bring>(st),    handle<scheduling::deliver>(st), handle<scheduling::accepted>(st),
          handle<scheduling::declined>(st), handle<introduction>(st),        handle<copy_next>(st)};
}

transfer_actor spawn_transfer(caf::actor_system& system, std::shared_ptr<context> shared, metadata::domain_id d,
                              const scheduler_actor& scheduler) {
  return shared->detached ? system.spawn<caf::detached>(transfer, std::move(shared), d, scheduler)
                          : system.spawn(transfer, std::move(shared), d, scheduler);
}

} // namespace baton::actors
