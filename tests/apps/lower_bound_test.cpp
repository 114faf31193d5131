#include <catch2/catch.hpp>

#include "apps/simulate/lower_bound.hpp"

using namespace baton;
using namespace baton::apps::simulate;
using namespace std::chrono_literals;

namespace {

/// Within the solver's tolerance, and never above.
void check_bound(const bound_problem& p, duration expected, std::size_t apart = 24) {
  const auto bound = makespan_bound(p, apart);
  REQUIRE(bound);
  CHECK(*bound <= expected + 1ns); // expected is rounded down
  CHECK(*bound >= expected - expected / 100'000 - 10ns);
}

} // namespace

TEST_CASE("one job takes its time on the device that is quickest for it, from its release", "[apps]") {
  check_bound({{{3ms, 2ms}}, {{0, 5ms}}}, 7ms);
}

TEST_CASE("one job is on one device at a time", "[apps]") {
  check_bound({{{2ms, 2ms}}, {{0, 0ms}}}, 2ms);                     // shared by both it would take 1 ms
  check_bound({{{2ms, 2ms}}, {{0, 0ms}, {0, 0ms}, {0, 0ms}}}, 3ms); // three on two: McNaughton's wrap-around
}

TEST_CASE("unequal devices each take what they are better at, and share one", "[apps]") {
  // A takes 2 or 4 ms, two B 4 or 3 ms each. The first device does A and a share x of a B: 2 + 4 x = 3 (2 - x).
  check_bound({{{2ms, 4ms}, {4ms, 3ms}}, {{0, 0ms}, {1, 0ms}, {1, 0ms}}}, 4285714ns);
  // With one B there is nothing to share: it would be on both devices at once.
  check_bound({{{2ms, 4ms}, {6ms, 3ms}}, {{0, 0ms}, {1, 0ms}}}, 3ms);
}

TEST_CASE("what is released late cannot be done before", "[apps]") {
  // Idle until 1 ms but for the first job, then two of 2 ms on two devices.
  check_bound({{{2ms, 2ms}}, {{0, 0ms}, {0, 1ms}, {0, 1ms}}}, 3500us);
}

TEST_CASE("jobs taken together lower the bound, never raise it", "[apps]") {
  bound_problem p{{{2ms, 1ms}, {3ms, 2ms}}, {}};
  for (int i = 0; i < 40; ++i)
    p.jobs.push_back({static_cast<std::uint32_t>(i % 2), i * 700us});
  const auto exact = makespan_bound(p, 40);
  REQUIRE(exact);
  for (const std::size_t apart : {0U, 5U, 20U}) {
    const auto bound = makespan_bound(p, apart);
    REQUIRE(bound);
    CHECK(*bound <= *exact + 100ns);
    CHECK(*bound >= *exact * 9 / 10);
  }
  p.jobs.resize(400, {0, 28ms});
  CHECK(makespan_bound(p).has_value());
}

TEST_CASE("no jobs have no end, and a job that takes no time no bound", "[apps]") {
  check_bound({{{1ms}}, {}}, 0ms);
  CHECK(makespan_bound({{{0ms}}, {{0, 0ms}}}).error().code == errc::bad_argument);
}
