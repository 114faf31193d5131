#include "tests/actors/seeded_house.hpp"

#include <caf/send.hpp>
#include <catch2/catch.hpp>
#include <spdlog/spdlog.h>

namespace baton::testing {

namespace {

constexpr auto high = caf::message_priority::high;

scheduling::engine make_engine(const actors::context& c, const std::string& policy) {
  auto e = scheduling::engine::make({.devices = c.devices, .policy = policy});
  REQUIRE(e);
  return *e;
}

std::shared_ptr<actors::context> make_context(const seeded_house::options& o, std::shared_ptr<faults> f) {
  auto c =
      std::make_shared<actors::context>(make_counting_machine(o.devices, std::move(f)), 1000, std::size_t{1} << 30);
  c->detached = false;
  c->quantum = o.quantum;
  if (!o.trace.empty()) {
    auto opened =
        actors::trace::recorder::open(o.trace, actors::trace::names_of(*c->machine), std::chrono::steady_clock::now());
    REQUIRE(opened);
    c->tracer = std::move(*opened);
  }
  return c;
}

} // namespace

scheduling::start_attempt plain_request(std::uint64_t id) {
  scheduling::start_attempt a;
  a.request = {id};
  return a;
}

seeded_house::seeded_house(const options& o)
    : random(o.seed), shared(make_context(o, failing)), options_(o), system_(config_),
      turns_(dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler())),
      engine_(make_engine(*shared, o.policy)) {
  spdlog::set_level(spdlog::level::off); // deaths by the hundred are what these tests are about
  turns_.run();                          // the framework's own actors
  std::shared_ptr<actors::engine_log_writer> log;
  if (!o.engine_log.empty()) {
    auto opened = actors::engine_log_writer::open(o.engine_log, {.devices = shared->devices, .policy = o.policy});
    REQUIRE(opened);
    log = std::move(*opened);
  }
  house_ = actors::open_house(system_, shared, engine_, std::move(log),
                              [this](std::string why) { vital_deaths.push_back(std::move(why)); });
  chain_ = make_chain("chain", o.layers);
  auto id = shared->models.add(chain_);
  shared->models.publish(id);
  caf::anon_send<high>(house_.scheduler, scheduling::model_added{id, {{1}}});
}

seeded_house::~seeded_house() {
  actors::close_house(house_);
  house_ = {};
  turns_.run();
}

bool seeded_house::step() {
  auto& jobs = turns_.jobs;
  if (jobs.empty())
    return false;
  std::uniform_int_distribution<std::size_t> any(0, jobs.size() - 1);
  std::swap(jobs.front(), jobs[any(random)]);
  turns_.run_once();
  return true;
}

void seeded_house::run_to_rest() {
  while (step()) {
  }
}

void seeded_house::advance(metadata::duration d) {
  turns_.advance_time(std::chrono::duration_cast<caf::actor_clock::duration_type>(d));
}

void seeded_house::submit(scheduling::start_attempt a, std::int64_t input) {
  auto record = std::make_shared<actors::request_record>();
  a.model = {1};
  a.symbols = {1};
  a.attempt = {1};
  record->id = a.request;
  record->model_number = a.model;
  record->inputs = {chain_input(input)};
  inputs_[a.request.value] = input;
  REQUIRE(shared->gate.enter(0, record->input_bytes()));
  shared->requests.add(std::move(record));
  caf::anon_send<high>(house_.controller, actors::new_request{std::move(a), system_.clock().now() - shared->epoch});
}

void seeded_house::cancel(std::uint64_t request) {
  auto record = shared->requests.find({request});
  if (!record)
    return;
  record->cancelled = true;
  caf::anon_send<high>(house_.controller, actors::cancel_wanted{{request}});
}

void seeded_house::crash(std::uint32_t device) {
  caf::anon_send<high>(house_.scheduler, actors::crash{{device}});
}

void seeded_house::remove_model() {
  if (shared->models.unpublish({1}))
    caf::anon_send<high>(house_.scheduler, scheduling::model_removed{{1}});
}

void seeded_house::kill(const std::string& who) {
  constexpr auto why = caf::exit_reason::kill;
  if (who == "controller")
    caf::anon_send_exit(house_.controller, why);
  else if (who == "scheduler")
    caf::anon_send_exit(house_.scheduler, why);
  else
    caf::anon_send_exit(house_.transfers.back(), why);
}

const std::map<std::uint64_t, actors::done>& seeded_house::ends() {
  while (auto d = shared->results.try_pop()) {
    auto id = d->request.value;
    INFO("request " << id);
    REQUIRE(ends_.emplace(id, std::move(*d)).second);
  }
  return ends_;
}

std::string seeded_house::broken_at_rest() {
  ends();
  for (const auto& [id, input] : inputs_) {
    auto end = ends_.find(id);
    if (end == ends_.end())
      return "request " + std::to_string(id) + " did not end";
    const auto& d = end->second;
    if (d.failure == errc::internal)
      return "request " + std::to_string(id) + ": " + d.message;
    if (d.failure == errc::none
        && (d.outputs.size() != 1 || d.outputs[0].as<std::int64_t>()[0] != chain_output(options_.layers, input)))
      return "request " + std::to_string(id) + " has a wrong output";
    if (d.attempts > scheduling::defaults::attempts)
      return "request " + std::to_string(id) + " had too many attempts";
  }
  if (shared->requests.size() != 0 || shared->gate.open() != 0)
    return "requests are still in the book";
  if (engine_.open_tasks() != 0 || engine_.pending_commands() != 0)
    return "the engine still has " + std::to_string(engine_.open_tasks()) + " tasks and "
           + std::to_string(engine_.pending_commands()) + " commands";
  for (const auto& r : shared->registries)
    if (r->tasks() != 0)
      return "domain " + r->memory().description().name + " still holds values";
  if (!shared->models.find_published({1})) {
    if (shared->models.find({1}))
      return "the model removed is still there";
    for (const auto& r : shared->registries)
      for (const auto& d : shared->devices->devices)
        if (r->find_plan({1}, {1}, d.kind))
          return "domain " + r->memory().description().name + " still has a plan of the model removed";
  }
  return {};
}

} // namespace baton::testing
