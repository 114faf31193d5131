/// Tasks of requests that are at different steps of a recurrent layer.
#include <algorithm>
#include <map>
#include <numeric>

#include <catch2/catch.hpp>

#include "scheduling/cluster_file.hpp"
#include "scheduling/emulator/emulator.hpp"
#include "scheduling/workloads/open_loop.hpp"
#include "scheduling/workloads/trace.hpp"
#include "tests/scheduling/engine_fixture.hpp"

using namespace baton;
using namespace baton::scheduling;
using namespace std::chrono_literals;
using testing::engine_fixture;

namespace {

constexpr std::uint32_t steps = 20;

/// A layer, so many recurrent ones, a layer: with one 420 us alone; 8 rows take a quarter more.
metadata::model_costs lstm(std::size_t recurrent) {
  metadata::model_costs m{.name = "lstm", .layers = {"embed"}, .parts = {1}};
  m.input_bytes = m.output_bytes = 400;
  m.live_bytes.assign(recurrent + 3, 4000);
  std::vector<duration> one{10us}, eight{12us};
  for (std::size_t i = 0; i < recurrent; ++i) {
    m.layers.emplace_back("lstm");
    m.parts.push_back(steps);
    one.emplace_back(400us);
    eight.emplace_back(500us);
  }
  m.layers.emplace_back("linear");
  m.parts.push_back(1);
  one.emplace_back(10us);
  eight.emplace_back(12us);
  metadata::latency_table table;
  REQUIRE(table.add(1, std::move(one)));
  REQUIRE(table.add(8, std::move(eight)));
  m.by_kind.emplace("GTX 1080 Ti", std::move(table));
  return m;
}

struct kept final : observer {
  struct work {
    std::vector<std::uint64_t> of;
    std::vector<std::uint32_t> behind;
    position first, last;
    time_point start{}, end{};
  };
  void worked(const work_record& w) override {
    if (w.what != work_record::kind::compute)
      return;
    work x{{}, {w.behind.begin(), w.behind.end()}, w.first, w.last, w.start, w.end};
    for (auto r : w.requests)
      x.of.push_back(r.value);
    done.push_back(std::move(x));
  }
  void ended(const request_record& r) override { ends[r.request.value] = r; }

  duration mean_latency() const {
    const auto sum = std::accumulate(ends.begin(), ends.end(), duration{}, [](duration all, const auto& r) {
      return all + (r.second.end - r.second.arrival);
    });
    return sum / ends.size();
  }
  time_point last_end() const {
    return std::max_element(ends.begin(), ends.end(),
                            [](const auto& a, const auto& b) { return a.second.end < b.second.end; })
        ->second.end;
  }

  std::vector<work> done;
  std::map<std::uint64_t, request_record> ends;
};

kept run(const std::string& policy, workloads::workload& w, std::uint32_t in_flight = 2, std::size_t recurrent = 1,
         int devices = 1) {
  emulation e;
  auto where = parse_cluster(R"({"nodes": [{"name": "a", "devices": [{"kind": "GTX 1080 Ti", "count": )"
                             + std::to_string(devices) + "}]}]}");
  REQUIRE(where);
  e.where = std::make_shared<const cluster_description>(std::move(*where));
  e.models.push_back(lstm(recurrent));
  e.policy = policy;
  e.segments_in_flight = in_flight;
  kept seen;
  REQUIRE(emulate(e, w, seen));
  return seen;
}

kept at(const std::string& policy, const std::vector<time_point>& times) {
  std::vector<workloads::arrival> arrivals;
  for (auto t : times)
    arrivals.push_back({.at = t});
  auto w = workloads::replay(std::move(arrivals));
  auto seen = run(policy, *w);
  REQUIRE(seen.ends.size() == times.size());
  return seen;
}

/// More than one request at a time can be served.
kept crowd(const std::string& policy, std::uint32_t in_flight = 2, std::size_t recurrent = 1) {
  workloads::open_loop loop{.intervals = {.mean = 250us}, .phases = {}, .mix = {{.model = 0}}, .span = {}};
  loop.span.requests = 400;
  auto w = workloads::make(loop, 5);
  REQUIRE(w);
  return run(policy, **w, in_flight, recurrent);
}

/// Each request runs all parts of the model, once and in order.
void check_parts(const kept& seen, std::uint32_t recurrent = 1) {
  std::map<std::uint64_t, position> reached;
  for (const auto& w : seen.done)
    for (std::size_t i = 0; i < w.of.size(); ++i) {
      const auto own = [&](position p) {
        if (w.behind[i] == 0)
          return p;
        return p.part == 0 ? position{p.layer - 1, steps - w.behind[i]} : position{p.layer, p.part - w.behind[i]};
      };
      CAPTURE(w.of[i], w.first.layer, w.first.part, w.behind[i]);
      CHECK(own(w.first) == reached[w.of[i]]);
      reached[w.of[i]] = own(w.last);
    }
  for (const auto& [r, p] : reached)
    CHECK(p == position{recurrent + 2, 0});
  CHECK(reached.size() == seen.ends.size());
}

/// A house of one device, its model's plans for one and two rows ready; the layer of the middle has 8 steps.
struct cell_fixture : engine_fixture {
  cell_fixture() : engine_fixture("cellular_batching:2", {{{0}, {0}, 0, 1}}) {
    feed(worker_up{{0}});
    feed(model_added{{1}, {{1}, {2}}, 0, {}, {{1, 8}}});
    while (auto j = first<job>())
      feed(job_done{j->command, {0}, errc::none, {}, 500us});
  }
  accept started() {
    auto a = first<accept>();
    REQUIRE(a);
    return *a;
  }
  void taken(const accept& a) { feed(applied(a.command, a.what, 0)); }
  /// The worker gives the task back by the order that it came with.
  void back(const accept& a, position where) {
    CHECK(a.then.at == where);
    auto x = applied(a.then.command, a.what, 0);
    x.holder = the_scheduler;
    ++x.epoch.value;
    x.at = where;
    feed(x);
  }
  /// One request is two steps further than another; they have come to the last two steps of the first.
  accept apart() {
    request(1);
    const auto one = started();
    taken(one);
    request(2);
    CHECK_FALSE(first<accept>());
    back(one, {1, 2});
    const auto two = started(); // it comes as far as the layer
    CHECK(two.what.members.front().request == request_id{2});
    taken(two);
    back(two, {1, 0});
    for (const auto where : {position{1, 4}, {1, 6}}) {
      const auto both = started();
      REQUIRE(both.what.members.size() == 2);
      taken(both);
      back(both, where);
    }
    return started();
  }
};

} // namespace

TEST_CASE("a newcomer joins those in a recurrent layer at their next step, who has done its steps leaves",
          "[scheduling]") {
  cell_fixture f;
  const auto both = f.apart();
  CHECK(both.what.at == position{1, 6});
  CHECK(both.what.symbols == std::vector<std::int64_t>{2});
  REQUIRE(both.what.members.size() == 2);
  for (const auto& m : both.what.members)
    CHECK(m.behind == (m.request == request_id{1} ? 0 : 2));
  f.taken(both);
  f.back(both, {2, 0}); // the first has done its 8 steps, the second 6
  CHECK(f.e.counters().split == 1);
  CHECK(f.e.open_tasks() == 2);
  const auto done = f.started();
  CHECK(done.what.at == position{2, 0});
  CHECK(done.what.symbols == std::vector<std::int64_t>{1});
  REQUIRE(done.what.members.size() == 1);
  CHECK(done.what.members.front().request == request_id{1});
  CHECK(done.what.members.front().first_row == 0);
  CHECK(done.then.what == order::kind::none);
  f.taken(done);
  f.feed(finished{done.what.id, done.what.epoch, {0}, done.what.members});
  const auto rest = f.started();
  CHECK(rest.what.at == position{1, 6});
  REQUIRE(rest.what.members.size() == 1);
  CHECK(rest.what.members.front().request == request_id{2});
  CHECK(rest.what.members.front().behind == 0);
  CHECK(rest.what.members.front().first_row == 0);
  f.taken(rest);
  f.feed(finished{rest.what.id, rest.what.epoch, {0}, rest.what.members});
  CHECK(f.e.open_tasks() == 0);
  CHECK(f.e.pending_commands() == 0);
}

TEST_CASE("what has begun in a cell goes on where its values are, if that device is free too", "[scheduling]") {
  auto w = workloads::replay({{.at = 0us}, {.at = 200us}}); // the first ends first
  const auto seen = run("cellular_batching", *w, 2, 1, 2);
  REQUIRE(seen.ends.size() == 2);
  for (const auto& [id, r] : seen.ends)
    CHECK(r.taken.moves == 0);
}

TEST_CASE("where the most advanced has left, the others go on from where they are", "[scheduling]") {
  cell_fixture f;
  const auto both = f.apart();
  f.taken(both);
  const auto c = f.cancelled(1);
  f.feed(f.applied(c.command, both.what, 0));
  CHECK(f.count<attempt_ended>() == 1);
  f.back(both, {2, 0}); // by the order that it came with
  const auto rest = f.started();
  CHECK(rest.what.id == both.what.id);
  CHECK(rest.what.at == position{1, 6});
  CHECK(rest.what.members.front().behind == 0);
  CHECK(f.e.counters().split == 0);
}

TEST_CASE("one that is to end and leaves a cell ends there", "[scheduling]") {
  cell_fixture f;
  const auto both = f.apart();
  f.taken(both);
  const auto c = f.cancelled(1);
  f.back(both, {2, 0}); // before the worker sees the cancel
  const auto ended = f.first<attempt_ended>();
  REQUIRE(ended);
  CHECK(ended->request == request_id{1});
  CHECK(f.e.open_tasks() == 1);
  CHECK_FALSE(f.first<accept>());
  auto missed = f.applied(c.command, both.what, 0);
  missed.what = outcome::not_here;
  f.feed(missed);
  CHECK(f.started().what.members.front().request == request_id{2});
}

TEST_CASE("under cellular_batching each request runs its own steps, beside others that are further", "[scheduling]") {
  const auto alone = at("cellular_batching", {0ms});
  const auto seen = at("cellular_batching", {0ms, 150us});
  check_parts(seen);
  CHECK(std::any_of(seen.done.begin(), seen.done.end(), [](const auto& w) {
    return w.of.size() == 2 && std::any_of(w.behind.begin(), w.behind.end(), [](auto b) { return b > 0; });
  }));
  CHECK(seen.ends.at(1).end < seen.ends.at(2).end); // it does not wait for the other
  const auto fifo = at("fifo", {0ms, 150us});
  CHECK(seen.ends.at(2).end < fifo.ends.at(2).end);
  CHECK(alone.mean_latency() == at("fifo", {0ms}).mean_latency());
}

TEST_CASE("cellular_batching does more than fifo and takes less time than a window, the same each time",
          "[scheduling]") {
  const auto seen = crowd("cellular_batching");
  check_parts(seen);
  CHECK(seen.last_end() < crowd("fifo").last_end() * 7 / 10);
  CHECK(seen.mean_latency() < crowd("fixed_window").mean_latency() * 7 / 10);
  const auto again = crowd("cellular_batching");
  CHECK(std::equal(seen.done.begin(), seen.done.end(), again.done.begin(), again.done.end(),
                   [](const auto& a, const auto& b) { return a.of == b.of && a.start == b.start && a.end == b.end; }));
  check_parts(crowd("cellular_batching", 1)); // an inline device
  const auto two = crowd("cellular_batching", 2, 2);
  check_parts(two, 2);
  CHECK(two.last_end() < crowd("fifo", 2, 2).last_end() * 7 / 10);
  check_parts(crowd("lazy_batching")); // at one step only
}
