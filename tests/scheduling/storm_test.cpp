#include "tests/scheduling/storm.hpp"

#include <sstream>

#include <catch2/catch.hpp>

#include "scheduling/engine_log.hpp"

using namespace baton;
using namespace baton::testing;

namespace {

/// Of each policy, in all.
constexpr std::size_t events = 100'000;
constexpr std::uint64_t storms = 10;

} // namespace

TEST_CASE("under every policy, whatever happens, actions are legal, attempts end once and the log replays",
          "[scheduling]") {
  for (const auto policy : policy_names()) {
    std::size_t seen = 0;
    std::size_t lines = 0;
    for (std::uint64_t seed = 1; seed <= storms; ++seed) {
      CAPTURE(policy, seed);
      storm s({.policy = std::string(policy),
               .seed = seed,
               .events = events / storms,
               .steered = seed % 3 == 0,
               .backlog = seed % 2 == 0 ? duration{} : duration(defaults::backlog)});
      s.run();
      INFO(s.books().broken());
      REQUIRE(s.books().broken().empty());
      CHECK(s.books().starts > events / storms / 20);
      CHECK((seed % 2 == 1 || s.books().lines == 0));
      lines += s.books().lines;
      std::istringstream log(s.log());
      const auto again = replay([&](std::string& line) { return bool(std::getline(log, line)); });
      REQUIRE(again);
      CHECK(again->first_difference == 0);
      CHECK(again->events == s.events());
      seen += again->events;
    }
    CHECK(seen >= events);
    CHECK((lines > 0 || make_policy(policy)->looks_ahead()));
  }
}
