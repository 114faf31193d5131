#include "scheduling/workloads/later_part.hpp"

#include <catch2/catch.hpp>

#include "scheduling/workloads/open_loop.hpp"

using namespace baton;
using namespace baton::scheduling::workloads;

TEST_CASE("the later part of a stream is its requests from a time on, as if that were 0", "[scheduling]") {
  constexpr duration ms{1'000'000};
  const open_loop loop{
      .intervals = {.mean = ms}, .phases = {}, .mix = {{.model = 0, .slo = 5 * ms}}, .span = {.until = 100 * ms}};
  auto whole = *make(loop, 3);
  const auto part = later_part(*make(loop, 3), 40 * ms);
  while (whole->next() && *whole->next() < 40 * ms)
    whole->take();
  std::size_t seen = 0;
  for (; whole->next(); ++seen) {
    auto expected = whole->take();
    expected.at -= 40 * ms;
    expected.deadline -= 40 * ms;
    REQUIRE(part->next() == expected.at);
    CHECK(part->take() == expected);
  }
  CHECK(seen > 30);
  CHECK(!part->next());
}
