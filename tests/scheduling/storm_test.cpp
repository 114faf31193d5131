#include "tests/scheduling/storm.hpp"

#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "scheduling/engine_log.hpp"

using namespace baton;
using namespace baton::testing;

namespace {

/// Of each policy, in all.
constexpr std::size_t events = 100'000;
constexpr std::uint64_t storms = 10;

/// Policies that make one task of several requests: of few rows, so that plans for all are soon there, with a window of
/// some steps of a storm.
std::vector<std::string> stormed() {
  std::vector<std::string> result{"clockwork:4", "marginal:slo:4"};
  for (const auto name : policy_names()) {
    const auto joins = make_policy(name)->most_rows() > 1;
    result.push_back(std::string(name) + (!joins ? "" : name == "fixed_window" ? ":4:200" : ":4"));
  }
  return result;
}

} // namespace

TEST_CASE("under every policy, whatever happens, actions are legal, attempts end once and the log replays",
          "[scheduling]") {
  for (const auto& policy : stormed()) {
    CAPTURE(policy);
    std::size_t seen = 0;
    std::size_t lines = 0;
    std::size_t together = 0;
    std::size_t apart = 0;
    std::size_t evictions = 0;
    for (std::uint64_t seed = 1; seed <= storms; ++seed) {
      CAPTURE(seed);
      storm s({.policy = policy,
               .seed = seed,
               .events = events / storms,
               .steered = seed % 3 == 0,
               .backlog = seed % 2 == 0 ? duration{} : 2 * duration(defaults::backlog),
               .most_loaded = seed % 2 == 0 || seed % 8 == 1 ? 2U : 3U});
      s.run();
      INFO(s.books().broken());
      REQUIRE(s.books().broken().empty());
      CHECK(s.books().starts > events / storms / 20);
      CHECK((seed % 2 == 1 || s.books().lines == 0));
      lines += s.books().lines;
      together += s.books().together;
      apart += s.books().apart;
      evictions += s.books().evictions;
      std::istringstream log(s.log());
      const auto again = replay([&](std::string& line) { return bool(std::getline(log, line)); });
      REQUIRE(again);
      CHECK(again->first_difference == 0);
      CHECK(again->events == s.events());
      seen += again->events;
    }
    CHECK(seen >= events);
    CHECK((together > events / 100) == (make_policy(policy)->most_rows() > 1));
    CHECK((apart > events / 500) == (policy == "cellular_batching:4"));
    CHECK(evictions > events / 1000);
    CHECK((lines > 0 || make_policy(policy)->looks_ahead()));
  }
}
