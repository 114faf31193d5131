/// Tasks of several requests: how they come to be, and how one request leaves.
#include <map>

#include <catch2/catch.hpp>

#include "metadata/measured_models.hpp"
#include "scheduling/cluster_file.hpp"
#include "scheduling/emulator/emulator.hpp"
#include "scheduling/workloads/trace.hpp"
#include "tests/scheduling/engine_fixture.hpp"

using namespace baton;
using namespace baton::scheduling;
using namespace std::chrono_literals;
using testing::engine_fixture;

namespace {

struct kept final : observer {
  struct work {
    std::vector<std::uint64_t> of;
    position first;
    time_point start{}, end{};
  };
  void worked(const work_record& w) override {
    if (w.what != work_record::kind::compute)
      return;
    work x{{}, w.first, w.start, w.end};
    for (auto r : w.requests)
      x.of.push_back(r.value);
    done.push_back(std::move(x));
  }
  void ended(const request_record& r) override { ends[r.request.value] = r; }

  std::vector<work> done;
  std::map<std::uint64_t, request_record> ends;
};

/// ResNet requests at these times, on one GPU.
kept run(const std::string& policy, const std::vector<time_point>& at, time_point deadline = never) {
  emulation e;
  auto where = parse_cluster(R"({"nodes": [{"name": "a", "devices": [{"kind": "GTX 1080 Ti"}]}]})");
  REQUIRE(where);
  e.where = std::make_shared<const cluster_description>(std::move(*where));
  for (const auto& m : metadata::measured_models())
    e.models.push_back(m);
  e.policy = policy;
  e.quantum = duration::zero();
  std::vector<workloads::arrival> arrivals;
  for (auto t : at)
    arrivals.push_back({.at = t, .model = 1, .deadline = arrivals.empty() ? never : deadline});
  auto w = workloads::replay(std::move(arrivals));
  kept seen;
  auto ran = emulate(e, *w, seen);
  REQUIRE(ran);
  REQUIRE(seen.ends.size() == at.size());
  return seen;
}

bool runs(const kept& seen, const std::vector<std::uint64_t>& requests) {
  return std::any_of(seen.done.begin(), seen.done.end(), [&](const auto& w) { return w.of == requests; });
}

/// A house of one device, its model's plans for one and two rows ready.
struct joining_fixture : engine_fixture {
  /// `per_row`: what a run is said to take.
  explicit joining_fixture(duration per_row = 5us) : engine_fixture("fixed_window:2", {{{0}, {0}, 0, 1}}) {
    feed(worker_up{{0}});
    feed(model_added{{1}, {{1}, {2}}, 0});
    while (auto j = first<job>())
      feed(job_done{j->command, {0}, errc::none, {}, per_row * j->symbols[0]});
  }
  /// Two requests, in one task.
  accept batch() {
    feed(start_attempt{{1}, {1}, {1}, {1}});
    CHECK_FALSE(first<accept>());
    feed(start_attempt{{2}, {1}, {1}, {1}});
    auto a = first<accept>();
    REQUIRE(a);
    REQUIRE(a->what.members.size() == 2);
    return *a;
  }
};

} // namespace

TEST_CASE("fixed_window runs what comes within its window as one, and what is alone when it has passed",
          "[scheduling]") {
  const auto both = run("fixed_window:4:2000", {0ms, 1ms});
  CHECK(both.done.front().of == std::vector<std::uint64_t>{1, 2});
  CHECK(both.done.front().start >= 2ms);
  CHECK(both.ends.at(1).end == both.ends.at(2).end);
  const auto alone = run("fixed_window:4:2000", {0ms, 3ms});
  CHECK(alone.done.front().of == std::vector<std::uint64_t>{1});
  CHECK(alone.done.front().start >= 2ms);
  CHECK(alone.done.front().start < 3ms);
  const auto full = run("fixed_window:2:2000", {0ms, 500us});
  CHECK(full.done.front().of.size() == 2);
  CHECK(full.done.front().start < 1ms); // nobody else may come
}

TEST_CASE("under lazy_batching a newcomer catches up and both go on as one", "[scheduling]") {
  const auto seen = run("lazy_batching", {0ms, 1ms});
  CHECK(seen.done.front().start < 1ms); // there is no window
  CHECK(runs(seen, {1}));
  CHECK(runs(seen, {2}));
  REQUIRE(runs(seen, {1, 2}));
  CHECK(seen.ends.at(1).end == seen.ends.at(2).end);
  const auto fifo = run("fifo", {0ms, 1ms});
  CHECK(seen.ends.at(2).end < fifo.ends.at(2).end);
  // Where they met: no part of one of them comes after.
  auto met = false;
  for (const auto& w : seen.done) {
    met = met || w.of.size() == 2;
    CHECK((!met || w.of.size() == 2));
  }
}

TEST_CASE("lazy_batching is on top of the order of another policy", "[scheduling]") {
  const auto order = [](const std::string& policy) {
    const auto p = make_policy(policy);
    REQUIRE(p);
    waiting_task late, soon;
    late.size = 2ms;
    late.deadline = time_point{5};
    soon.size = 3ms;
    soon.deadline = time_point{4};
    soon.priority = 1;
    return std::pair{p->rank(late), p->rank(soon)};
  };
  for (const std::string base : {"fifo", "sjf", "edf", "priority"}) {
    INFO(base);
    CHECK(order("lazy_batching:4:" + base) == order(base));
  }
  CHECK(order("lazy_batching") == order("edf"));
  for (const auto* wrong :
       {"lazy_batching:4:", "lazy_batching:4:naive", "lazy_batching:4:lazy_batching", "lazy_batching::edf"})
    CHECK_FALSE(make_policy(wrong));
  CHECK(runs(run("lazy_batching:8:fifo", {0ms, 1ms}), {1, 2}));
}

TEST_CASE("with deadlines as many go together as still end in time", "[scheduling]") {
  for (const auto policy : {"clockwork:8", "marginal:slo:8"}) {
    INFO(policy);
    const auto all = run(policy, {0ms, 0ms, 0ms, 0ms, 0ms}, 60ms);
    REQUIRE(runs(all, {2, 3, 4, 5}));
    const auto tight = run(policy, {0ms, 0ms, 0ms, 0ms, 0ms}, all.ends.at(5).end - 1ns);
    CHECK(runs(tight, {2, 3, 4}));
    for (std::uint64_t r = 2; r <= 4; ++r)
      CHECK(tight.ends.at(r).in_time());
    CHECK_FALSE(runs(run(policy, {0ms, 0ms, 0ms}, never), {1, 2, 3})); // who is first does not wait
  }
}

TEST_CASE("one of a batch whose deadline passes leaves, the others go on", "[scheduling]") {
  const auto whole = run("fixed_window:2", {0ms, 0ms});
  const auto middle = whole.done.front().start + (whole.ends.at(1).end - whole.done.front().start) / 2;
  const auto seen = run("fixed_window:2", {0ms, 0ms}, middle);
  CHECK(runs(seen, {1, 2}));
  CHECK(seen.ends.at(1).failure == errc::none);
  CHECK(seen.ends.at(2).failure == errc::deadline_exceeded);
  CHECK(seen.ends.at(2).end < seen.ends.at(1).end);
}

TEST_CASE("a batch is a task whose members have rows of their own, and its plan is that of all rows", "[scheduling]") {
  joining_fixture f;
  const auto a = f.batch();
  CHECK(a.what.symbols == std::vector<std::int64_t>{2});
  CHECK(a.what.members[0].request == request_id{1});
  CHECK(a.what.members[0].first_row == 0);
  CHECK(a.what.members[1].first_row == 1);
  CHECK(f.e.open_tasks() == 1);
  CHECK(f.e.counters().joined == 1);
}

TEST_CASE("a batch that failed is tried again in parts, as its members may not be at fault", "[scheduling]") {
  joining_fixture f;
  const auto a = f.batch();
  f.feed(f.applied(a.command, a.what, 0));
  f.feed(failed{a.what.id, a.what.epoch, {0}, errc::bad_request, "index out of range"});
  REQUIRE(f.count<attempt_ended>() == 2);
  for (const auto& x : f.out)
    if (const auto* e = std::get_if<envelope>(&x))
      if (const auto* ended = std::get_if<attempt_ended>(&e->what))
        CHECK(ended->reason == errc::attempt_lost);
  // Second attempts run alone.
  f.feed(start_attempt{{1}, {2}, {1}, {1}});
  auto first = f.first<accept>();
  REQUIRE(first);
  CHECK(first->what.members.size() == 1);
  f.feed(start_attempt{{2}, {2}, {1}, {1}}); // it stands in line
  auto second = f.first<accept>();
  REQUIRE(second);
  CHECK(second->what.members.size() == 1);
  CHECK(second->what.members.front().request == request_id{2});
  f.feed(f.applied(first->command, first->what, 0));
  f.feed(failed{first->what.id, first->what.epoch, {0}, errc::bad_request, "index out of range"});
  const auto ended = f.first<attempt_ended>();
  REQUIRE(ended);
  CHECK(ended->reason == errc::bad_request);
}

TEST_CASE("a member that is cancelled leaves the batch, which goes on without it", "[scheduling]") {
  joining_fixture f;
  const auto a = f.batch();
  f.feed(f.applied(a.command, a.what, 0));
  const auto c = f.cancelled(1);
  CHECK(c.request == request_id{1});
  CHECK(f.count<attempt_ended>() == 0);
  f.feed(f.applied(c.command, a.what, 0));
  const auto ended = f.first<attempt_ended>();
  REQUIRE(ended);
  CHECK(ended->request == request_id{1});
  CHECK(ended->reason == errc::cancelled);
  CHECK(f.e.open_tasks() == 1);
  finished done{a.what.id, a.what.epoch, {0}, {a.what.members[1]}};
  f.feed(done);
  CHECK(f.e.open_tasks() == 0);
  CHECK(f.e.counters().finished == 1);
}

TEST_CASE("one who left a batch hears so though the result of the others overtakes the word of it", "[scheduling]") {
  joining_fixture f;
  const auto a = f.batch();
  f.feed(f.applied(a.command, a.what, 0));
  const auto c = f.cancelled(1);
  f.feed(finished{a.what.id, a.what.epoch, {0}, {a.what.members[1]}});
  const auto ended = f.first<attempt_ended>();
  REQUIRE(ended);
  CHECK(ended->request == request_id{1});
  CHECK(ended->reason == errc::cancelled);
  CHECK(f.e.open_tasks() == 0);
  CHECK(f.e.counters().finished == 1);
  f.feed(f.applied(c.command, a.what, 0));
  CHECK(f.count<attempt_ended>() == 0);
  CHECK(f.e.pending_commands() == 0);
}

TEST_CASE("a batch that is longer than what may stand in line waits for a free lane", "[scheduling]") {
  joining_fixture f(90us); // beside the first, one row more is within the backlog of 200 us, two are not
  f.feed(start_attempt{{1}, {1}, {1}, {1}});
  f.now += 3ms;
  f.feed(tick{});
  const auto first = f.first<accept>();
  REQUIRE(first);
  f.feed(f.applied(first->command, first->what, 0));
  f.feed(start_attempt{{2}, {1}, {1}, {1}});
  CHECK_FALSE(f.first<accept>()); // it waits for another
  f.feed(start_attempt{{3}, {1}, {1}, {1}});
  CHECK_FALSE(f.first<accept>());
  f.feed(finished{first->what.id, first->what.epoch, {0}, first->what.members});
  const auto both = f.first<accept>();
  REQUIRE(both);
  CHECK(both->what.members.size() == 2);
}
