#include <catch2/catch.hpp>

#include "actors/stay_clock.hpp"
#include "tests/actors/real_runtime.hpp"
#include "tests/support/model_builder.hpp"

using namespace baton;
using namespace baton::testing;
using namespace std::chrono_literals;
using actors::request;
using scheduling::order;
using scheduling::phases;

namespace {

request ask(metadata::model_id m, const tensors& inputs) {
  return {.model = m, .inputs = inputs, .timeout = {}, .steps = {}};
}

void check_sums(const actors::done& d) {
  REQUIRE(d.failure == errc::none);
  CHECK(d.queued >= 0ns);
  CHECK(d.moving >= 0ns);
  CHECK(d.computing > 0ns);
  CHECK(d.queued + d.computing + d.moving <= d.total);
  metadata::duration layers{};
  for (auto t : d.layer_time)
    layers += t;
  CHECK(d.computing >= layers); // a segment takes what its layers take, and a little more
}

} // namespace

TEST_CASE("a stay's time but for its device time is one phase, on what ends it", "[actors]") {
  actors::stay_clock clock{&phases::queued};
  scheduling::task t;
  t.id = {1};
  t.epoch = {4};
  t.spent = {10us, 20us, 30us};
  clock.begin(t, 100us);

  scheduling::message stale = scheduling::accept{{1}, t, scheduling::the_scheduler, {}};
  std::get<scheduling::accept>(stale).what.epoch = {3};
  clock.stamp(stale, 150us);
  CHECK(std::get<scheduling::accept>(stale).what.spent.queued == 10us);

  t.spent.computing += 15us;
  scheduling::message given = scheduling::accept{{1}, t, scheduling::the_scheduler, {}};
  clock.stamp(given, 150us);
  CHECK(std::get<scheduling::accept>(given).what.spent.queued == 45us);
  CHECK(std::get<scheduling::accept>(given).what.spent.moving == 30us);

  clock.end({1}, {3}); // of an earlier stay
  scheduling::message end = scheduling::finished{{1}, {4}, {0}, {}, 15us, t.spent};
  clock.stamp(end, 170us);
  CHECK(std::get<scheduling::finished>(end).spent.queued == 65us);

  clock.end({1}, {4});
  scheduling::message later = scheduling::finished{{1}, {4}, {0}, {}, 15us, t.spent};
  clock.stamp(later, 999us);
  CHECK(std::get<scheduling::finished>(later).spent.queued == 10us);
}

TEST_CASE("device time of segments under way counts where it passes: a part before their task leaves, the rest behind",
          "[actors]") {
  const auto none = [](metadata::task_id) { return 0us; };
  actors::stay_clock at_worker{&phases::queued};
  actors::stay_clock at_transfer{&phases::moving};
  scheduling::task t;
  t.id = {1};
  t.epoch = {4};
  at_worker.begin(t, 100us);
  // It waits for 10 us, runs a segment of 20 us, and 5 us of the next one until it leaves.
  t.spent.computing = 20us;
  at_worker.computed({1}, 20us);
  scheduling::message leaves = scheduling::bring{.what = t};
  at_worker.stamp(leaves, 135us, [](metadata::task_id) { return 5us; });
  auto there = std::get<scheduling::bring>(leaves).what;
  CHECK(there.spent.queued == 10us);
  CHECK(there.spent.computing == 25us);
  CHECK(there.spent.moving == 0us);

  // That segment takes 12 us more, and the copy behind it 30 us.
  at_transfer.begin(there, 135us);
  at_transfer.computed({1}, 37us);
  scheduling::message arrives = scheduling::accept{{1}, there, scheduling::the_scheduler, {}};
  at_transfer.stamp(arrives, 177us, none);
  const auto& spent = std::get<scheduling::accept>(arrives).what.spent;
  CHECK(spent.queued == 10us);
  CHECK(spent.computing == 37us);
  CHECK(spent.moving == 30us);

  // Or it has waited at the scheduler until then: that was no waiting.
  there.spent.queued += 40us;
  actors::stay_clock later{&phases::queued};
  later.begin(there, 175us);
  there.spent.computing += 50us;
  later.computed({1}, 87us);
  scheduling::message end = scheduling::finished{{1}, {4}, {0}, {}, 50us, there.spent};
  later.stamp(end, 225us, none);
  CHECK(std::get<scheduling::finished>(end).spent.queued == 38us);
  CHECK(std::get<scheduling::finished>(end).spent.computing == 87us);
}

TEST_CASE("phases of a request add up to no more than its time, moved, preempted or not", "[actors]") {
  auto devices = GENERATE(from_range(places().pairs));
  auto what = GENERATE(order::kind::none, order::kind::preempt, order::kind::hand_off);
  CAPTURE(devices, static_cast<int>(what));
  auto r = start(options_for(devices));
  auto model = add(*r, tiny_resnet(), {{2}});
  auto inputs = random_inputs(*tiny_resnet(), {2}, 5);
  for (std::uint32_t layer = 1; layer < tiny_resnet()->layers().size(); ++layer) {
    auto q = ask(model, inputs);
    q.pinned = {0};
    if (what != order::kind::none)
      q.steps = {{what, {layer, 0}, {1}}};
    auto d = run(*r, std::move(q));
    check_sums(d);
    CHECK(d.attempts == 1);
    const auto way = what == order::kind::none ? std::vector{0U} : std::vector{0U, 1U};
    CHECK((d.moving > 0ns) == (crossings(*r, way) > 0));
    CHECK(d.preemptions == (what == order::kind::preempt ? 1 : 0));
    CHECK(d.moves == (what == order::kind::none ? 0 : 1));
  }
}

TEST_CASE("requests that wait for one device say that they were queued", "[actors]") {
  auto r = start(options_for(places().one));
  auto model = add(*r, tiny_resnet(), {{places().long_batch / 4}});
  auto inputs = random_inputs(*tiny_resnet(), {places().long_batch / 4}, 5);
  // Each takes some milliseconds, far longer than it takes to submit them all.
  constexpr std::size_t n = 8;
  for (std::size_t i = 0; i < n; ++i)
    REQUIRE(r->submit(ask(model, inputs)));
  metadata::duration computing{}, queued{}, longest{}, shortest{metadata::never};
  for (const auto& [id, d] : collect(*r, n)) {
    check_sums(d);
    computing += d.computing;
    queued += d.queued;
    longest = std::max(longest, d.queued);
    shortest = std::min(shortest, d.queued);
  }
  // The last one waited for nearly all the others.
  CHECK(longest > shortest);
  CHECK(queued > computing);
  auto counted = [&] { return r->counters().waiting_tasks == 0 && r->counters().devices.at(0).held == 0; };
  CHECK(eventually(counted));
}

TEST_CASE("a device counts its busy time and segments, also across a restart of its worker", "[actors]") {
  auto r = start(options_for(places().together));
  auto model = add(*r, tiny_resnet(), {{2}});
  auto inputs = random_inputs(*tiny_resnet(), {2}, 5);
  auto on_first = [&] {
    auto q = ask(model, inputs);
    q.pinned = {0};
    return run(*r, std::move(q));
  };
  auto d = on_first();
  auto c = r->counters().devices;
  REQUIRE(c.size() == 2);
  CHECK(c[0].busy == d.computing);
  CHECK(c[0].segments > 0);
  CHECK(c[0].lanes == 1);
  CHECK(c[1].busy == 0ns);
  r->crash_worker({0});
  CHECK(eventually([&] { return r->counters().engine.restarts == 1; }));
  d = on_first();
  CHECK(d.failure == errc::none);
  CHECK(r->counters().devices[0].busy >= c[0].busy + d.computing);
  CHECK(r->domains().size() == r->counters().memory.size());
}

TEST_CASE("a second attempt has phases of its own, within the whole request's time", "[actors]") {
  auto r = start(options_for(places().together));
  // Long enough for the crash to come while it runs.
  auto model = add(*r, tiny_resnet(), {{places().long_batch}});
  auto inputs = random_inputs(*tiny_resnet(), {places().long_batch}, 5);
  bool again = false;
  for (int i = 0; i < 200 && !again; ++i) {
    auto q = ask(model, inputs);
    q.pinned = {0};
    const auto submitted = r->submit(std::move(q));
    REQUIRE(submitted);
    eventually([&] { return r->counters().devices[0].held > 0 || r->counters().open_requests == 0; });
    r->crash_worker({0});
    for (const auto& [id, d] : collect(*r, 1)) {
      check_sums(d);
      again = d.attempts == 2;
    }
    eventually([&] { return r->counters().engine.restarts == static_cast<std::uint64_t>(i + 1); });
    if (i > 90)
      break; // a device is restarted a hundred times at most
  }
  CHECK(again);
}
