#include <atomic>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/actors/real_runtime.hpp"
#include "tests/support/model_builder.hpp"

using namespace baton;
using namespace baton::testing;
using namespace std::chrono_literals;
using actors::request;

namespace {

/// A request that computes long enough to be met while it runs.
struct heavy {
  model_ptr model = tiny_resnet();
  metadata::symbol_values symbols{places().long_batch};
  tensors inputs = random_inputs(*model, symbols);
  metadata::model_id id;

  request ask(std::int32_t priority = 0) const {
    return {.model = id, .inputs = inputs, .priority = priority, .timeout = {}, .steps = {}};
  }
};

struct light {
  model_ptr model = tiny_cnn();
  metadata::symbol_values symbols{1};
  tensors inputs = random_inputs(*model, symbols);
  metadata::model_id id;

  request ask(std::int32_t priority = 0) const {
    return {.model = id, .inputs = inputs, .priority = priority, .timeout = {}, .steps = {}};
  }
};

/// Until the engine has given an attempt to a worker.
void wait_for_attempts(actors::runtime& r, std::uint64_t n) {
  REQUIRE(eventually([&] { return r.counters().engine.attempts >= n; }));
}

void wait_until_serving(actors::runtime& r) {
  REQUIRE(eventually([&] { return r.healthy(); }));
}

} // namespace

TEST_CASE("an urgent request overtakes one that runs, which then ends with the same bits", "[actors]") {
  auto r = start(options_for(places().one));
  heavy slow;
  light urgent;
  slow.id = add(*r, slow.model, {slow.symbols});
  urgent.id = add(*r, urgent.model, {urgent.symbols});
  auto first = r->submit(slow.ask());
  REQUIRE(first);
  wait_for_attempts(*r, 1);
  std::this_thread::sleep_for(2ms);
  auto second = r->submit(urgent.ask(10));
  REQUIRE(second);
  auto d = r->results().pop(60s);
  REQUIRE(d);
  CHECK(d->request == *second);
  d = r->results().pop(60s);
  REQUIRE(d);
  CHECK(d->request == *first);
  CHECK(identical(d->outputs, direct_run(slow.model, slow.inputs)));
  CHECK(r->counters().engine.preemptions == 1);
}

TEST_CASE("a request that is cancelled while it runs or waits ends so, once", "[actors]") {
  auto devices = GENERATE(as<std::string>{}, places().one, places().apart);
  auto r = start(options_for(devices));
  heavy slow;
  slow.id = add(*r, slow.model, {slow.symbols});
  std::vector<metadata::request_id> ids(4);
  for (auto& id : ids)
    id = *r->submit(slow.ask());
  wait_for_attempts(*r, 4);
  for (auto id : ids)
    r->cancel(id);
  r->cancel(ids[0]);
  r->cancel({12345});
  std::size_t cancelled = 0;
  for (const auto& [id, d] : collect(*r, ids.size())) {
    CHECK((d.failure == errc::none || d.failure == errc::cancelled));
    cancelled += d.failure == errc::cancelled;
  }
  CHECK(cancelled >= 2);
  CHECK(run(*r, slow.ask()).failure == errc::none);
}

TEST_CASE("a request that is not done by its deadline ends so", "[actors]") {
  auto r = start(options_for(places().one));
  heavy slow;
  slow.id = add(*r, slow.model, {slow.symbols});
  auto q = slow.ask();
  q.timeout = 3ms;
  auto d = run(*r, q);
  CHECK(d.failure == errc::deadline_exceeded);
  CHECK(d.total >= 3ms);
  q.timeout = 60s;
  CHECK(run(*r, q).failure == errc::none);
}

TEST_CASE("a request survives the death of its worker, once", "[actors]") {
  auto devices = GENERATE(from_range(places().alone));
  auto r = start(options_for(devices));
  heavy slow;
  slow.id = add(*r, slow.model, {slow.symbols});
  auto wanted = direct_run(slow.model, slow.inputs);

  // A crash may come too late on a machine that is busy with other things: then once more.
  actors::done survivor;
  for (int i = 0; i < 20 && survivor.attempts < 2; ++i) {
    wait_until_serving(*r);
    auto before = r->counters().engine.attempts;
    REQUIRE(r->submit(slow.ask()));
    wait_for_attempts(*r, before + 1);
    r->crash_worker({0});
    survivor = collect(*r, 1).begin()->second;
    CHECK(survivor.failure == errc::none);
    CHECK(identical(survivor.outputs, wanted));
  }
  CHECK(survivor.attempts == 2);

  std::optional<actors::done> end;
  for (int i = 0; i < 20 && (!end || end->failure == errc::none); ++i) {
    wait_until_serving(*r);
    REQUIRE(r->submit(slow.ask()));
    for (end.reset(); !end; end = r->results().pop(5ms))
      r->crash_worker({0});
  }
  REQUIRE(end);
  CHECK(end->failure == errc::attempt_lost);
  CHECK(end->attempts == 2);
  wait_until_serving(*r);
  CHECK(run(*r, slow.ask()).failure == errc::none);
  CHECK(r->counters().engine.restarts >= 3);
}

TEST_CASE("no more than the limit of requests are open, unread results among them", "[actors]") {
  auto options = options_for(places().one);
  options.max_open_requests = 3;
  auto r = start(options);
  light quick;
  quick.id = add(*r, quick.model, {quick.symbols});
  for (int i = 0; i < 3; ++i)
    REQUIRE(r->submit(quick.ask()));
  std::this_thread::sleep_for(50ms);
  auto refused = r->submit(quick.ask());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::overloaded);
  collect(*r, 3);
  CHECK(run(*r, quick.ask()).failure == errc::none);
}

TEST_CASE("a drain lets open requests end and takes no new ones", "[actors]") {
  auto r = start(options_for(places().together));
  heavy slow;
  slow.id = add(*r, slow.model, {slow.symbols});
  for (int i = 0; i < 4; ++i)
    REQUIRE(r->submit(slow.ask()));
  CHECK_FALSE(r->drain(0ms));
  auto refused = r->submit(slow.ask());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::unavailable);
  REQUIRE(r->drain(60s));
  for (const auto& [id, d] : collect(*r, 4))
    CHECK(d.failure == errc::none);
}

TEST_CASE("a runtime ends quickly with requests open, and each of them ends", "[actors]") {
  heavy slow;
  std::atomic<int> pushed{0};
  std::chrono::steady_clock::time_point before;
  {
    auto r = start(options_for(places().one));
    slow.id = add(*r, slow.model, {slow.symbols});
    r->results().on_push([&] { ++pushed; });
    for (int i = 0; i < 20; ++i)
      REQUIRE(r->submit(slow.ask()));
    before = std::chrono::steady_clock::now();
  }
  CHECK(pushed == 20);
  CHECK(std::chrono::steady_clock::now() - before < 5s);
}

TEST_CASE("a runtime that stops while workers die and models are added ends all the same", "[actors]") {
  light quick;
  heavy slow;
  for (int i = 0; i < 40; ++i) {
    auto r = start(options_for(places().three));
    if (i % 2 == 0)
      quick.id = add(*r, quick.model, {quick.symbols});
    else
      REQUIRE_FALSE(r->add_model(slow.model, {slow.symbols}, 0ms)); // still being built
    for (int k = 0; k < i % 5; ++k) {
      r->crash_worker({static_cast<std::uint32_t>(k % 3)});
      if (i % 2 == 0)
        REQUIRE(r->submit(quick.ask()));
    }
  }
}
