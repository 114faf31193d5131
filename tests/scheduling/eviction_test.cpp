/// Models that do not all fit: who goes, when, and what brings it back.
#include <map>

#include "tests/scheduling/engine_fixture.hpp"

using namespace baton;
using namespace baton::testing;

namespace {

/// Domains that have memory for so many models.
struct short_of_memory : engine_fixture {
  std::size_t fits = 2;
  std::map<domain_id, std::vector<model_id>> loaded;
  std::vector<std::pair<job, device_id>> asked;
  std::deque<std::pair<accept, std::uint32_t>> given;
  std::vector<device_facts> devices;

  explicit short_of_memory(std::vector<device_facts> d = {{{0}, {0}, 0, 1}}) : engine_fixture("fifo", d), devices(d) {
    for (const auto& x : d)
      feed(worker_up{x.id});
  }
  void note() {
    for (const auto& a : out)
      if (auto* x = std::get_if<envelope>(&a)) {
        if (auto* j = std::get_if<job>(&x->what))
          asked.emplace_back(*j, device_id{x->to.index});
        else if (auto* m = std::get_if<accept>(&x->what))
          given.emplace_back(*m, x->to.index);
      }
  }
  bool waits_for_memory() const { return asked.empty(); }
  /// Carries out the next job, in that time.
  job work(duration takes = std::chrono::microseconds(100)) {
    REQUIRE_FALSE(asked.empty());
    const auto [j, d] = asked.front();
    asked.erase(asked.begin());
    auto& there = loaded[j.domain];
    std::erase_if(there, [&](model_id m) { return std::find(j.evict.begin(), j.evict.end(), m) != j.evict.end(); });
    const bool is_there = std::find(there.begin(), there.end(), j.model) != there.end();
    job_done done{j.command, d, is_there || there.size() < fits ? errc::none : errc::out_of_memory, "too large"};
    if (!is_there && done.failure == errc::none) {
      there.push_back(j.model);
      now += takes;
    }
    feed(done);
    note();
    return j;
  }
  void all() {
    while (!asked.empty())
      work();
  }
  void add(std::uint32_t model) {
    feed(model_added{{model}, {{1}}});
    note();
    all();
  }
  void ask(std::uint64_t request, std::uint32_t model, device_id pinned = no_device) {
    feed(start_attempt{{request}, {1}, {model}, {1}, 1, 0, never, pinned, {}});
    note();
  }
  /// The first that was given to a device and not seen since.
  task started() {
    REQUIRE_FALSE(given.empty());
    const auto [a, d] = given.front();
    given.pop_front();
    feed(applied(a.command, a.what, d));
    note();
    return a.what;
  }
  void finish(const task& t, std::uint32_t device = 0) {
    feed(finished{t.id, t.epoch, {device}, t.members, {}});
    note();
  }
  bool is_ready(std::uint32_t model) const {
    return std::any_of(out.begin(), out.end(), [&](const action& a) {
      const auto* r = std::get_if<model_ready>(&a);
      return r && r->model == model_id{model} && r->failure == errc::none;
    });
  }
};

} // namespace

TEST_CASE("where a model does not fit, the one not used for longest goes, and comes back when it is asked for",
          "[scheduling]") {
  short_of_memory f;
  f.add(1);
  f.add(2);
  f.ask(1, 1);
  f.finish(f.started());
  f.feed(model_added{{3}, {{1}}});
  f.note();
  CHECK(f.work().evict.empty());
  CHECK(f.work().evict == std::vector{model_id{2}});
  CHECK(f.is_ready(3));
  f.ask(2, 2);
  CHECK_FALSE(f.first<accept>());
  f.work(); // does not fit
  const auto back = f.work();
  CHECK(back.model == model_id{2});
  CHECK(back.evict == std::vector{model_id{1}}); // 3 has come since 1 was used
  const auto t = f.started();
  CHECK(t.model == model_id{2});
  f.finish(t);
  CHECK(f.e.counters().evictions == 2);
  CHECK(f.e.open_tasks() == 0);
}

TEST_CASE("a model that fits nowhere is an error, whoever has gone for it", "[scheduling]") {
  short_of_memory f;
  f.add(1);
  f.fits = 0;
  f.feed(model_added{{2}, {{1}}});
  f.note();
  f.work();
  CHECK(f.work().evict == std::vector{model_id{1}});
  REQUIRE(f.out.size() == 1);
  const auto& r = std::get<model_ready>(f.out.front());
  CHECK(r.failure == errc::out_of_memory);
  CHECK(r.message == "too large");
  CHECK(f.waits_for_memory());
}

TEST_CASE("a model in use leaves once what needs it has ended, and nothing of it begins before", "[scheduling]") {
  short_of_memory f({{{0}, {0}, 0, 1}, {{1}, {0}, 0, 1}});
  f.fits = 1;
  f.add(1);
  f.ask(1, 1);
  const auto runs = f.started();
  f.feed(model_added{{2}, {{1}}});
  f.note();
  f.work(); // on the other device
  CHECK(f.waits_for_memory());
  f.ask(2, 1);
  CHECK_FALSE(f.first<accept>());
  f.finish(runs);
  CHECK(f.work().evict == std::vector{model_id{1}});
  CHECK(f.is_ready(2));
  f.all(); // model 1 again: somebody waits, and nobody for 2
  CHECK(f.started().model == model_id{1});
}

TEST_CASE("two that take turns stay for some times as long as their loading takes", "[scheduling]") {
  short_of_memory f;
  f.fits = 1;
  f.add(1);
  f.add(2);
  for (std::uint64_t r = 1; r <= 20; ++r)
    f.ask(r, 1 + r % 2);
  std::map<model_id, int> done;
  std::size_t turns = 0;
  model_id last;
  for (int i = 0; i < 1000 && f.e.open_tasks() > 0; ++i) {
    if (!f.asked.empty()) {
      f.work(std::chrono::microseconds(20));
    } else if (!f.given.empty()) {
      const auto t = f.started();
      turns += std::exchange(last, t.model) != t.model;
      ++done[t.model];
      f.now += std::chrono::microseconds(10);
      f.finish(t);
    } else {
      f.feed(tick{});
      f.note();
    }
  }
  CHECK(done[{1}] == 10);
  CHECK(done[{2}] == 10);
  CHECK(turns <= 5); // 80 us at a time, of some 12 each
}

TEST_CASE("what a worker that dies was to evict goes with the next job", "[scheduling]") {
  short_of_memory f;
  f.add(1);
  f.add(2);
  f.feed(model_added{{3}, {{1}}});
  f.note();
  f.work();
  REQUIRE(f.asked.size() == 1);
  CHECK(f.asked.front().first.evict.size() == 1);
  f.asked.clear();
  f.feed(worker_down{{0}});
  f.feed(worker_up{{0}});
  f.note();
  CHECK(f.work().evict == std::vector{model_id{1}});
  CHECK(f.is_ready(3));
}

TEST_CASE("a request for whose values there is no memory makes a model go that nothing needs", "[scheduling]") {
  short_of_memory f;
  f.add(1);
  f.add(2);
  f.ask(1, 1);
  const auto refuse = [&] {
    const auto a = f.first<accept>();
    REQUIRE(a);
    answer no{a->command, a->what.id, a->what.epoch, outcome::refused, errc::out_of_memory, "no memory for values"};
    no.holder = the_scheduler;
    f.feed(no);
    f.note();
  };
  refuse();
  const auto j = f.work();
  CHECK(j.model == model_id{1});
  CHECK(j.evict == std::vector{model_id{2}});
  refuse(); // nothing is left that could go
  const auto end = f.first<attempt_ended>();
  REQUIRE(end);
  CHECK(end->reason == errc::out_of_memory);
  CHECK(f.e.open_tasks() == 0);
}

TEST_CASE("an idle device takes its share of what waits elsewhere once that is worth the loading", "[scheduling]") {
  short_of_memory f({{{0}, {0}, 0, 1}, {{1}, {1}, 0, 1}});
  f.fits = 1;
  f.add(1);
  f.add(2); // everywhere instead of 1
  f.ask(1, 1);
  f.all(); // on one device
  CHECK(f.first<accept>());
  CHECK(f.e.counters().evictions == 3);
}

TEST_CASE("each shape of a model that was evicted comes back when it is asked for", "[scheduling]") {
  short_of_memory f;
  f.fits = 1;
  f.add(1);
  for (std::uint64_t rows = 2; rows <= 3; ++rows) {
    f.feed(start_attempt{{rows}, {1}, {1}, {static_cast<std::int64_t>(rows)}, 1, 0, never, no_device, {}});
    f.note();
    f.all();
    f.finish(f.started());
  }
  f.add(2);
  CHECK(f.e.counters().evictions == 1);
  f.feed(model_removed{{2}});
  f.loaded.clear();
  for (std::uint64_t rows = 2; rows <= 3; ++rows) {
    f.feed(start_attempt{{10 + rows}, {1}, {1}, {static_cast<std::int64_t>(rows)}, 1, 0, never, no_device, {}});
    f.note();
    CHECK(f.work().symbols.front() == static_cast<std::int64_t>(rows));
    f.all();
    f.finish(f.started());
  }
  CHECK(f.e.open_tasks() == 0);
}

TEST_CASE("what a plan without room has taken all the same is given back", "[scheduling]") {
  short_of_memory f;
  f.fits = 1;
  f.add(1);
  f.feed(model_added{{2}, {}});
  f.ask(1, 2);
  f.work(); // does not fit beside 1
  f.loaded[{0}].clear();
  const auto j = f.asked.front().first;
  CHECK(j.evict == std::vector{model_id{1}});
  f.asked.clear();
  f.feed(job_done{j.command, {0}, errc::out_of_memory, "too large, but its weights are there"});
  f.note();
  CHECK(f.first<attempt_ended>()->reason == errc::out_of_memory);
  f.loaded[{0}] = {{2}};
  f.ask(2, 1);
  f.work();
  CHECK(f.work().evict == std::vector{model_id{2}});
  CHECK(f.started().model == model_id{1});
}

TEST_CASE("a removed model makes room", "[scheduling]") {
  short_of_memory f({{{0}, {0}, 0, 1}, {{1}, {0}, 0, 1}});
  f.fits = 1;
  f.add(1);
  f.ask(1, 1);
  const auto runs = f.started();
  f.feed(model_added{{2}, {{1}}});
  f.note();
  f.work();
  CHECK(f.waits_for_memory());
  f.feed(model_removed{{1}});
  const auto c = f.first<cancel>();
  REQUIRE(c);
  f.feed(f.applied(c->command, runs, 0));
  CHECK(f.forgets());
  f.loaded.clear();
  f.note();
  CHECK(f.work().evict.empty());
  CHECK(f.is_ready(2));
}

TEST_CASE("a device of two lanes gets a job also if it is never idle", "[scheduling]") {
  engine_fixture f{"fifo", {{{0}, {0}, 0, 2}}};
  f.ready(1);
  auto first = f.run(1);
  auto second = f.run(2);
  f.feed(model_added{{2}, {{1}}});
  CHECK_FALSE(f.first<job>());
  f.request(3);
  f.feed(finished{first.id, first.epoch, {0}, first.members, {}});
  CHECK_FALSE(f.first<accept>());
  f.feed(finished{second.id, second.epoch, {0}, second.members, {}});
  const auto j = f.first<job>();
  REQUIRE(j);
  f.feed(job_done{j->command, {0}, errc::none, {}, {}});
  CHECK(f.first<accept>());
}
