#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "metadata/measured_models.hpp"
#include "scheduling/cluster_file.hpp"
#include "scheduling/emulator/emulator.hpp"
#include "scheduling/workloads/open_loop.hpp"
#include "scheduling/workloads/trace.hpp"

/// Lanes of one device that slow each other, and the policy that looks at it.
using namespace baton;
using namespace baton::scheduling;

namespace {

namespace loads = scheduling::workloads;
using metadata::resource_use;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr resource_use all{1000, 1000}, computing{1000, 100}, moving{100, 1000};
enum model : std::uint32_t { computer, mover, greedy }; // as `cluster_of` has them

struct seen_work {
  time_point start = never;
  time_point end{};
  device_id device;
};

struct recorder final : observer {
  void worked(const work_record& w) override {
    if (w.what == work_record::kind::compute)
      for (const auto r : w.requests) {
        auto& x = work[r.value];
        x.start = std::min(x.start, w.start);
        x.end = w.end;
        x.device = w.device;
      }
  }
  void ended(const request_record& r) override {
    requests.push_back(r);
    makespan = std::max(makespan, r.end);
  }
  std::map<std::uint64_t, seen_work> work; ///< by request
  std::vector<request_record> requests;
  time_point makespan{};
};

/// Layers of so long and such use. Nothing takes any time but they.
metadata::model_costs costs(const std::string& name, const std::vector<duration>& times,
                            const std::vector<resource_use>& uses) {
  metadata::model_costs c;
  c.name = name;
  c.layers.resize(times.size(), "layer");
  c.live_bytes.resize(times.size() + 1);
  REQUIRE(c.by_kind["L4"].add(1, times, uses));
  return c;
}

emulation cluster_of(const std::string& devices, const std::string& policy = "fifo") {
  emulation e;
  auto where = parse_cluster(R"({"nodes": [{"name": "a", "devices": [)" + devices + "]}]}");
  REQUIRE(where);
  for (auto& row : where->devices.links)
    for (auto& link : row)
      link.latency = {};
  e.where = std::make_shared<const cluster_description>(std::move(*where));
  e.models = {costs("computer", {milliseconds(1)}, {computing}), costs("mover", {milliseconds(1)}, {moving}),
              costs("greedy", {milliseconds(1)}, {all})};
  e.policy = policy;
  e.backlog = {};
  return e;
}

const std::string one_lane = R"({"kind": "L4"})";
const std::string two_lanes = R"({"kind": "L4", "lanes": 2})";
const std::string apart = R"({"kind": "L4", "lanes": 2, "contention": false})";

recorder run(const emulation& e, const std::vector<loads::arrival>& asked) {
  auto w = loads::replay(asked);
  recorder seen;
  const auto ran = emulate(e, *w, seen);
  INFO((ran ? "" : ran.error().message));
  REQUIRE(ran);
  REQUIRE(seen.requests.size() == asked.size());
  return seen;
}

/// Of these models, all at once.
std::vector<loads::arrival> at_once(const std::vector<std::uint32_t>& models) {
  std::vector<loads::arrival> asked;
  for (const auto m : models)
    asked.push_back({.at = {}, .model = m});
  return asked;
}

} // namespace

TEST_CASE("two tasks on one device take as long as what they use together says", "[scheduling]") {
  const auto makespan = [](const std::string& devices, const std::vector<std::uint32_t>& models) {
    return run(cluster_of(devices), at_once(models)).makespan;
  };
  CHECK(makespan(two_lanes, {mover}) == milliseconds(1));
  CHECK(makespan(two_lanes, {mover, mover}) == milliseconds(2));
  CHECK(makespan(two_lanes, {computer, computer}) == milliseconds(2));
  CHECK(makespan(two_lanes, {mover, computer}) == microseconds(1100));
  CHECK(makespan(two_lanes, {greedy, computer}) == milliseconds(2));
  CHECK(makespan(apart, {mover, mover}) == milliseconds(1));
  CHECK(makespan(one_lane, {mover, computer}) == milliseconds(2));
}

TEST_CASE("a task that comes in the middle slows the other from then on, and records tell true times", "[scheduling]") {
  for (const auto quantum : {0, 250, 500, 5000}) {
    auto e = cluster_of(two_lanes);
    e.quantum = microseconds(quantum);
    e.models[mover] =
        costs("mover", {microseconds(100), microseconds(200), microseconds(700)}, {moving, moving, moving});
    const auto seen = run(e, {{.at = {}, .model = mover}, {.at = microseconds(400), .model = greedy}});
    // 400 alone, 1200 at half the speed, 400 alone.
    CHECK(seen.work.at(1).end == microseconds(1600));
    CHECK(seen.work.at(2).start == microseconds(400));
    CHECK(seen.work.at(2).end == milliseconds(2));
    CHECK(seen.requests[0].spent.computing == microseconds(1600));
    CHECK(seen.requests[1].spent.computing == microseconds(1600));
  }
}

TEST_CASE("a device of one lane does not know of contention", "[scheduling]") {
  const auto asked = at_once({mover, greedy, computer, mover});
  const auto with = run(cluster_of(one_lane), asked);
  const auto without = run(cluster_of(R"({"kind": "L4", "contention": false})"), asked);
  for (const auto& [request, x] : with.work) {
    CHECK(x.start == milliseconds(request - 1));
    CHECK(x.end == x.start + milliseconds(1));
    CHECK(without.work.at(request).end == x.end);
  }
}

TEST_CASE("contention_aware runs together what does not collide, and ends sooner than fifo", "[scheduling]") {
  std::vector<std::uint32_t> models;
  for (std::uint32_t i = 0; i < 40; ++i)
    models.push_back(i / 2 % 2 == 0 ? computer : mover);
  const auto asked = at_once(models);
  const auto fifo = run(cluster_of(two_lanes), asked);
  const auto aware = run(cluster_of(two_lanes, "contention_aware"), asked);
  CHECK(fifo.makespan == milliseconds(40));
  CHECK(aware.makespan == 20 * microseconds(1100));
  // Two devices as well.
  const auto both = two_lanes + ", " + two_lanes;
  CHECK(run(cluster_of(both, "contention_aware"), asked).makespan == 10 * microseconds(1100));
  CHECK(run(cluster_of(both), asked).makespan > 10 * microseconds(1100));
}

TEST_CASE("contention_aware leaves a lane free where nothing is gained, and takes an idle device first",
          "[scheduling]") {
  const auto alone = run(cluster_of(two_lanes, "contention_aware"), at_once({greedy, greedy}));
  CHECK(alone.work.at(1).end == milliseconds(1));
  CHECK(alone.work.at(2).start == milliseconds(1));
  CHECK(alone.makespan == milliseconds(2));
  std::vector<loads::arrival> asked{{.at = {}, .model = computer}, {.at = microseconds(1), .model = mover}};
  const auto spread = run(cluster_of(two_lanes + ", " + two_lanes, "contention_aware"), asked);
  CHECK(spread.work.at(1).device != spread.work.at(2).device);
  CHECK(spread.makespan == microseconds(1001));
}

TEST_CASE("contention_aware lets nobody be passed over by requests that come much later", "[scheduling]") {
  // Computers and movers that never end at once: the one that fits beside neither would wait for all of them.
  std::vector<std::uint32_t> models{computer, mover, greedy};
  for (std::uint32_t i = 0; i < 200; ++i)
    models.push_back(i % 2 == 0 ? computer : mover);
  auto e = cluster_of(two_lanes, "contention_aware");
  e.models[mover] = costs("mover", {microseconds(731)}, {moving});
  const auto seen = run(e, at_once(models));
  std::size_t ahead = 0;
  for (const auto& [request, x] : seen.work)
    if (request > 3 && x.start < seen.work.at(3).start) {
      ++ahead;
      CHECK(request <= 3 + defaults::passed_over);
    }
  CHECK(ahead > defaults::passed_over / 2); // else the case is none
  CHECK(seen.work.at(3).start < seen.makespan / 2);
}

TEST_CASE("where it is not known what layers use, and on one lane, contention_aware is fifo", "[scheduling]") {
  loads::open_loop loop{.intervals = {.mean = microseconds(400)}, .phases = {}, .mix = {}, .span = {.requests = 200}};
  for (std::uint32_t i = 0; i < 3; ++i)
    loop.mix.push_back({.model = i});
  for (const auto& devices : {apart, one_lane, one_lane + ", " + one_lane}) {
    std::vector<std::map<std::uint64_t, seen_work>> runs;
    for (const auto* policy : {"fifo", "contention_aware"}) {
      auto w = *loads::make(loop, 3);
      recorder seen;
      REQUIRE(emulate(cluster_of(devices, policy), *w, seen));
      runs.push_back(seen.work);
    }
    for (const auto& [request, x] : runs[0]) {
      CHECK(runs[1].at(request).start == x.start);
      CHECK(runs[1].at(request).end == x.end);
    }
  }
}

TEST_CASE("the engine predicts what lanes in use come to where layers use the same throughout", "[scheduling]") {
  /// First come, first served, and what it was told.
  struct asking final : policy {
    struct told {
      time_point now{}, free{}, here{};
      std::uint32_t slowed = 0;
    };
    explicit asking(std::vector<told>* all) : told_(all) {}
    std::string_view name() const override { return "asking"; }

    bool looks_ahead() const override { return true; }
    std::optional<decision> decide(const view& v, device_id d) const override {
      const auto t = v.first_waiting(d);
      if (!t || !v.has_free_lane(d))
        return std::nullopt;
      told_->push_back({v.now(), v.free_at(d), v.now() + v.prospect_of(t->task, d).alone(), v.slowdown(d, t->task)});
      return decision{t->task, std::nullopt};
    }
    std::optional<time_point> ask_again(const view& v) const override {
      told_->push_back({v.now(), v.free_at({0}), {}, v.slowdown({0}, std::nullopt)});
      return std::nullopt;
    }
    std::vector<told>* told_;
  };
  static std::vector<asking::told> told;
  add_policy("asking", [] { return std::make_unique<asking>(&told); });
  auto e = cluster_of(two_lanes, "asking");
  e.models[greedy] = costs("greedy", {milliseconds(1), milliseconds(2)}, {all, all});
  told.clear();
  const auto seen = run(e, {{.at = {}, .model = mover}, {.at = microseconds(400), .model = greedy}});
  CHECK(seen.work.at(1).end == microseconds(1600));
  CHECK(seen.work.at(2).end == microseconds(4000));
  const auto at = [&](time_point when) {
    for (auto x = told.rbegin(); x != told.rend(); ++x)
      if (x->now <= when)
        return *x;
    return asking::told{};
  };
  // 600 and 3000 are left, at half the speed.
  const auto both = at(microseconds(400));
  CHECK(both.free == microseconds(1600));
  CHECK(both.slowed == 2000);
  const auto found = std::find_if(told.begin(), told.end(), [](const auto& x) { return x.here > microseconds(1100); });
  REQUIRE(found != told.end());
  const auto asked = *found;
  CHECK(asked.now == microseconds(400));
  CHECK(asked.here == microseconds(6400)); // as if the other went on
  CHECK(asked.slowed == 2000);
  CHECK(at(microseconds(1600)).slowed == 1000);
}
