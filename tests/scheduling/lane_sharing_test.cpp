#include <vector>

#include <catch2/catch.hpp>

#include "scheduling/emulator/lane_sharing.hpp"

/// How long segments take beside each other, by hand.
using namespace baton;
using namespace baton::scheduling;

namespace {

using metadata::resource_use;

constexpr resource_use all{1000, 1000}, computing{1000, 100}, moving{100, 1000};

plan_course course(std::initializer_list<std::int64_t> ns, std::vector<resource_use> uses) {
  return {{ns.begin(), ns.end()}, std::move(uses)};
}

struct start {
  std::int64_t at = 0;
  const plan_course* of = nullptr;
};

/// One segment per lane, of a whole plan each: when they end.
std::vector<std::int64_t> ends(const std::vector<start>& starts) {
  lane_sharing lanes(starts.size());
  std::vector<std::int64_t> result(starts.size(), -1);
  for (std::uint32_t i = 0; i < starts.size(); ++i)
    lanes.put(i, *starts[i].of, 0, static_cast<std::uint32_t>(starts[i].of->uses.size()), duration{starts[i].at});
  for (auto at = lanes.next(); at != never; at = lanes.next()) {
    lanes.bring_to(at);
    if (const auto lane = lanes.done()) {
      result[*lane] = at.count();
      lanes.clear(*lane);
    }
  }
  return result;
}

} // namespace

TEST_CASE("alone a segment takes what its layers take", "[scheduling]") {
  const auto c = course({3, 0, 1'000'000'007, 1}, {all, moving, {1, 1}, {0, 0}});
  CHECK(ends({{5, &c}}) == std::vector<std::int64_t>{1'000'000'016});
  const auto nothing = course({0, 0}, {all, all});
  CHECK(ends({{5, &nothing}, {5, &c}}) == std::vector<std::int64_t>{5, 1'000'000'016});
}

TEST_CASE("layers that use the same twice take twice as long, others as the one that is asked for more",
          "[scheduling]") {
  const auto mover = course({1000}, {moving});
  const auto computer = course({1000}, {computing});
  CHECK(ends({{0, &mover}, {0, &mover}}) == std::vector<std::int64_t>{2000, 2000});
  CHECK(ends({{0, &mover}, {0, &computer}}) == std::vector<std::int64_t>{1100, 1100});
  CHECK(ends({{0, &mover}, {0, &mover}, {0, &computer}}) == std::vector<std::int64_t>{2100, 2100, 2100});
  const auto half = course({1000}, {{500, 300}});
  CHECK(ends({{0, &half}, {0, &half}}) == std::vector<std::int64_t>{1000, 1000});
  CHECK(ends({{0, &half}, {0, &half}, {0, &half}}) == std::vector<std::int64_t>{1500, 1500, 1500});
}

TEST_CASE("what begins and ends in the middle is felt from then on, exactly", "[scheduling]") {
  const auto longer = course({1000}, {all});
  const auto shorter = course({500}, {all});
  // 400 alone, 1000 at half the speed, 100 alone.
  CHECK(ends({{0, &longer}, {400, &shorter}}) == std::vector<std::int64_t>{1500, 1400});
  // 1 alone, 1 at half the speed, then at a third; the first ends between two ns, and so counts until the second.
  CHECK(ends({{0, &longer}, {1, &longer}, {2, &longer}}) == std::vector<std::int64_t>{2998, 3000, 3001});
  CHECK(ends({{0, &longer}, {1000, &longer}}) == std::vector<std::int64_t>{1000, 2000});
  CHECK(ends({{0, &longer}, {999, &longer}}) == std::vector<std::int64_t>{1001, 2000});
}

TEST_CASE("each layer collides by what it uses itself", "[scheduling]") {
  const resource_use only_computing{1000, 0}, only_moving{0, 1000};
  const auto both = course({300, 300}, {only_computing, only_moving});
  const auto one = course({600}, {only_computing});
  // 600 for the first layer, 300 of the other done by then; then they do not collide.
  CHECK(ends({{0, &both}, {0, &one}}) == std::vector<std::int64_t>{900, 900});
  // In step they collide throughout, half a layer apart for half of it.
  CHECK(ends({{0, &both}, {0, &both}}) == std::vector<std::int64_t>{1200, 1200});
  CHECK(ends({{0, &both}, {300, &both}}) == std::vector<std::int64_t>{600, 900});
  // Layers that use the same are as one.
  const auto cut = course({100, 200, 0, 300}, {only_computing, only_computing, only_computing, only_moving});
  CHECK(cut.other == std::vector<std::uint32_t>{3, 3, 3, 4});
  CHECK(ends({{0, &cut}, {0, &one}}) == ends({{0, &both}, {0, &one}}));
}

TEST_CASE("many changes at odd times lose no work", "[scheduling]") {
  std::vector<duration> times;
  std::vector<resource_use> uses;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    times.emplace_back(1 + i * 7 % 13);
    uses.push_back({1000, 1 + i * 37 % 999});
  }
  const plan_course c(times, uses);
  const auto whole = c.until.back().count();
  // The arithmetic is never idle, so that the last ends when all of the work is done; an end may cost it a ns.
  const auto last = ends({{0, &c}, {1, &c}, {17, &c}})[2];
  CHECK(last >= 3 * whole);
  CHECK(last <= 3 * whole + 2);
}
