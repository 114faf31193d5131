#include "tests/scheduling/engine_fixture.hpp"

using namespace baton;
using namespace baton::testing;
using namespace std::chrono_literals;

namespace {

const std::vector<device_facts> one_device{{{0}, {0}, 0, 1}};

finished end_of(const task& t, std::uint32_t device) {
  return {t.id, t.epoch, {device}, t.members, {}};
}

} // namespace

TEST_CASE("when no lane is free, short tasks stand in line at the device with the least to do", "[scheduling]") {
  engine_fixture f;
  f.ready(2, 60us);
  auto first = f.run(1);
  for (std::uint32_t n = 2; n <= 6; ++n) {
    f.run(n);
    CHECK(f.target.index == (n + 1) % 2);
  }
  f.request(7); // a fourth would make 240 us
  CHECK(f.count<accept>() == 0);
  CHECK(f.e.waiting_tasks() == 1);
  f.feed(end_of(first, 0));
  REQUIRE(f.first<accept>());
  CHECK(f.target == worker_of({0}));
}

TEST_CASE("what takes longer than the backlog, or an unknown time, does not stand in line", "[scheduling]") {
  for (duration predicted : {duration{}, duration{201us}}) {
    engine_fixture f{"fifo", one_device};
    f.ready(1, predicted);
    f.run(1);
    f.request(2);
    CHECK(f.count<accept>() == 0);
  }
}

TEST_CASE("an urgent task stands in line rather than take the lane of a short one", "[scheduling]") {
  engine_fixture f{"priority", one_device};
  f.ready(1, 50us);
  f.run(1);
  f.request(2, 10);
  CHECK(f.count<accept>() == 1);
  CHECK(f.count<preempt>() == 0);
}

TEST_CASE("a line does not keep a device from the job that waits for it", "[scheduling]") {
  engine_fixture f{"priority", one_device};
  f.ready(1, 50us);
  auto running = f.run(1);
  f.feed(model_added{{2}, {{1}}});
  f.request(2);
  CHECK(f.count<accept>() == 0);
  f.feed(end_of(running, 0));
  CHECK(f.count<job>() == 1);
  CHECK(f.count<accept>() == 0);
}

TEST_CASE("a long urgent task clears the line of what is lower", "[scheduling]") {
  engine_fixture f{"priority", one_device};
  f.ready(1, 50us);
  f.feed(model_added{{2}, {{1}}});
  auto j = f.first<job>();
  REQUIRE(j);
  f.feed(job_done{j->command, {0}, errc::none, {}, 10ms});
  f.run(1);
  f.run(2);
  f.feed(start_attempt{{3}, {1}, {2}, {1}, 1, 10, never, no_device, {}});
  CHECK(f.count<preempt>() == 2);
  auto a = f.first<accept>();
  REQUIRE(a);
  CHECK(a->what.priority == 10);
}
