#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "scheduling/waiting_index.hpp"

using namespace baton::scheduling;

namespace {

struct entry {
  waiting_task what;
  waiting_index::reach reach;
  std::vector<bool> groups;
};

/// The first for a device by looking at all of them.
std::optional<task_id> first_of_all(const std::vector<entry>& all, device_id d, std::uint32_t group) {
  const entry* best = nullptr;
  for (const auto& e : all)
    if (e.groups[group] && (e.what.pinned == no_device || e.what.pinned == d)
        && (!best || comes_before(e.what, best->what)))
      best = &e;
  return best ? std::optional{best->what.task} : std::nullopt;
}

/// Of each shape and priority the first for a device that is due at `least` or later, by looking at all of them.
std::vector<task_id> heads_of_all(const std::vector<entry>& all, device_id d, std::uint32_t group, time_point least) {
  std::map<std::pair<std::uint32_t, std::int32_t>, const waiting_task*> best;
  for (const auto& e : all)
    if (e.groups[group] && (e.what.pinned == no_device || e.what.pinned == d) && e.what.deadline >= least)
      if (auto& b = best[{e.what.shape, e.what.priority}]; !b || comes_before(e.what, *b))
        b = &e.what;
  std::vector<task_id> result;
  for (const auto& [known_as, t] : best)
    result.push_back(t->task);
  return result;
}

std::vector<task_id> ids(const waiting_list& tasks) {
  std::vector<task_id> result;
  for (const auto& t : tasks)
    result.push_back(t.task);
  return result;
}

} // namespace

TEST_CASE("the index of waiting tasks finds for every device what a look at all of them finds", "[scheduling]") {
  constexpr std::uint32_t devices = 6, groups = 3;
  for (const auto* name : {"fifo", "priority", "edf", "marginal"}) {
    std::shared_ptr<const policy> rule = make_policy(name);
    std::mt19937 random(7);
    auto up_to = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
    waiting_index index{rule};
    std::vector<entry> all;
    std::uint32_t same_seen = 0, other_seen = 0;
    for (std::uint64_t i = 1; i <= 3000; ++i) {
      bool pins = i > 1500; // at first none, so that one task can be the first everywhere
      if (all.empty() || up_to(20) < 11) {
        entry e;
        e.what = {{i}, static_cast<std::int32_t>(up_to(3)), up_to(100), no_device, no_domain, no_device};
        e.what.deadline = time_point{up_to(50)};
        e.what.shape = up_to(4);
        if (pins && up_to(4) == 0)
          e.what.pinned = {up_to(devices)};
        e.what.rank = rule->rank(e.what);
        e.groups = {up_to(4) > 0, true, up_to(4) > 0};
        if (i % 3000 < 500)
          e.groups = {true, true, true};
        e.reach = index.reach_of(e.groups);
        index.insert(e.what, e.reach);
        all.push_back(e);
      } else {
        std::swap(all[up_to(static_cast<std::uint32_t>(all.size()))], all.back());
        index.erase(all.back().what, all.back().reach);
        all.pop_back();
      }
      auto common = index.for_all();
      ++(common.same ? same_seen : other_seen);
      for (std::uint32_t d = 0; d < devices; ++d) {
        auto wanted = first_of_all(all, {d}, d % groups);
        const auto* found = index.first({d}, d % groups);
        REQUIRE((found ? std::optional{found->task} : std::nullopt) == wanted);
        if (rule->chooses_among_shapes()) {
          const time_point least{up_to(60)};
          bool all_in_time = true;
          const auto soonest = [&](const waiting_task&) { return least; };
          const auto heads = heads_of_all(all, {d}, d % groups, time_point{});
          const auto in_time = heads_of_all(all, {d}, d % groups, least);
          REQUIRE(ids(index.heads({d}, d % groups)) == heads);
          REQUIRE(ids(index.heads({d}, d % groups, soonest, all_in_time)) == in_time);
          REQUIRE(all_in_time == (heads == in_time));
        }
        if (common.same)
          REQUIRE((common.first ? std::optional{common.first->task} : std::nullopt) == wanted);
      }
    }
    CHECK(same_seen > 100);
    CHECK(other_seen > 100);
  }
}

TEST_CASE("what may start nowhere has no place in the index", "[scheduling]") {
  waiting_index index{make_policy("fifo")};
  CHECK(index.reach_of({false, false}) == waiting_index::nowhere);
  CHECK(index.reach_of({true, false}) != waiting_index::nowhere);
  CHECK(index.reach_of({true, false}) == index.reach_of({true, false}));
  CHECK(index.empty());
  CHECK(index.for_all().same);
}
