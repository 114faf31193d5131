#include <catch2/catch.hpp>

#include <cstdlib>
#include <iostream>
#include <random>
#include <unordered_set>

#include "tests/protocol/world.hpp"

using namespace baton;
using namespace baton::testing;

namespace {

/// Far more steps than two requests need.
constexpr std::size_t longest_story = 400;

using fingerprint = std::pair<std::uint64_t, std::uint64_t>;

struct fingerprint_hash {
  std::size_t operator()(const fingerprint& f) const { return f.first; }
};

fingerprint digest(const std::string& text) {
  std::uint64_t a = 14695981039346656037ULL;
  std::uint64_t b = 0x9e3779b97f4a7c15ULL;
  for (char c : text) {
    a = (a ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    b = (b + static_cast<unsigned char>(c)) * 0xff51afd7ed558ccdULL;
    b ^= b >> 29;
  }
  return {a, b};
}

/// Tries every order of everything that may happen, from every state reached, each state once.
class explorer {
public:
  explicit explorer(const scenario& s) : scenario_(s) {}

  void run() {
    world start{scenario_, coverage_};
    visit(start);
  }
  const coverage& seen() const { return coverage_; }
  std::size_t states() const { return visited_.size(); }
  std::size_t rests() const { return rests_; }

private:
  void visit(const world& w) {
    if (!visited_.insert(digest(w.describe())).second)
      return;
    if (path_.size() > longest_story)
      report("it goes on and on");
    if (auto problem = w.broken())
      report(*problem);
    if (w.quiet()) {
      ++rests_;
      if (auto problem = w.broken_at_rest())
        report(*problem);
    }
    for (const auto& s : w.steps()) {
      path_.push_back(s);
      world next{w};
      next.take(s);
      visit(next);
      path_.pop_back();
    }
  }
  /// Tells the story again, from the start.
  void report(const std::string& problem) {
    std::string story = problem + ", after";
    coverage unused;
    world w{scenario_, unused};
    for (const auto& step : path_) {
      story += "\n  " + w.describe(step);
      w.take(step);
    }
    FAIL(story);
  }

  scenario scenario_;
  coverage coverage_;
  std::unordered_set<fingerprint, fingerprint_hash> visited_;
  std::vector<world::step> path_;
  std::size_t rests_ = 0;
};

start_attempt ask(std::uint64_t id, std::int32_t priority, std::vector<steering> steps = {}) {
  return {{id}, {1}, {1}, {1}, 1, priority, never, no_device, std::move(steps)};
}

const cluster one_domain{{{{0}, {0}, 0, 1}, {{1}, {0}, 0, 1}}};
const cluster two_domains{{{{0}, {0}, 0, 1}, {{1}, {1}, 0, 1}}};

std::vector<steering> moved_after_first_layer(std::uint32_t to) {
  return {{order::kind::hand_off, {1, 0}, {to}}};
}
std::vector<steering> preempted_after_first_layer() {
  return {{order::kind::preempt, {1, 0}, no_device}};
}

/// There and back: the second step is a command of its own, sent while the task runs or is on its way.
std::vector<steering> moved_twice(std::uint32_t to, std::uint32_t back) {
  return {{order::kind::hand_off, {0, 0}, {to}}, {order::kind::hand_off, {1, 0}, {back}}};
}

/// Where every order of everything is too much: seeded random walks to the end, with all that may go wrong at once.
void wander(const scenario& s, std::uint64_t walks) {
  coverage seen;
  for (std::uint64_t seed = 0; seed < walks; ++seed) {
    std::mt19937_64 random{seed};
    world w{s, seen};
    for (auto steps = w.steps(); !steps.empty(); steps = w.steps()) {
      // The environment strikes now and then, not whenever it can.
      auto strikes = [](const world::step& x) {
        return x.what == world::step::kind::kill || x.what == world::step::kind::cancel
               || x.what == world::step::kind::remove;
      };
      auto step = steps[random() % steps.size()];
      if (strikes(step) && random() % 8 != 0 && !w.quiet())
        continue;
      w.take(step);
      auto problem = w.broken();
      INFO(s.name << ", walk " << seed << ", after " << w.describe());
      REQUIRE(problem.value_or("").empty());
    }
    auto problem = w.broken_at_rest();
    INFO(s.name << ", walk " << seed);
    REQUIRE(problem.value_or("").empty());
  }
}

void explore(const scenario& s, const std::vector<std::string>& must_be_seen) {
  explorer e{s};
  e.run();
  std::string found;
  for (const auto& [what, n] : e.seen().seen)
    found += what + " x" + std::to_string(n) + ", ";
  std::cout << s.name << ": " << e.states() << " states, " << e.rests() << " at rest; " << found << '\n';
  for (const auto& what : must_be_seen) {
    INFO(s.name << " never saw: " << what);
    CHECK(e.seen().seen.contains(what));
  }
}

} // namespace

TEST_CASE("two tasks that swap devices, one domain, under cancel", "[protocol]") {
  explore({"swap",
           "priority",
           one_domain,
           {ask(1, 0, moved_after_first_layer(1)), ask(2, 0, moved_after_first_layer(0))},
           0,
           0,
           {{1}}},
          {"applied", "too_late", "end: none", "end: cancelled"});
}

TEST_CASE("two tasks that swap devices across two domains, under cancel", "[protocol]") {
  explore({"swap across",
           "priority",
           two_domains,
           {ask(1, 0, moved_after_first_layer(1)), ask(2, 0, moved_after_first_layer(0))},
           0,
           0,
           {{1}}},
          {"applied", "not_here", "refused cancelled", "end: none", "end: cancelled"});
}

TEST_CASE("a worker dies at any moment of a hand-over, one domain", "[protocol]") {
  explore({"death",
           "priority",
           one_domain,
           {ask(1, 0, moved_after_first_layer(1)), ask(2, 0, preempted_after_first_layer())},
           1,
           0,
           {}},
          {"refused receiver_down", "end: none"});
}

TEST_CASE("a worker dies at any moment of a hand-over across two domains", "[protocol]") {
  explore({"death across", "fifo", two_domains, {ask(1, 0, moved_after_first_layer(1))}, 1, 0, {}},
          {"refused receiver_down", "end: none"});
}

TEST_CASE("a worker dies while a task is handed on and cancelled", "[protocol]") {
  explore({"death and cancel", "fifo", one_domain, {ask(1, 0, moved_after_first_layer(1)), ask(2, 0)}, 1, 0, {{1}}},
          {"end: none", "end: cancelled"});
}

TEST_CASE("finish, preempt, hand-over, cancel and death at once", "[protocol]") {
  explore({"all at once",
           "fifo",
           one_domain,
           {ask(1, 0, moved_after_first_layer(1)), ask(2, 0, preempted_after_first_layer())},
           1,
           0,
           {{1}}},
          {"applied", "end: none", "end: cancelled"});
}

TEST_CASE("two deaths use up both attempts", "[protocol]") {
  explore({"two deaths", "fifo", one_domain, {ask(1, 0, moved_after_first_layer(1))}, 2, 0, {}},
          {"end: attempt_lost", "end: none"});
}

TEST_CASE("urgent tasks preempt, with orders standing, under cancel and death", "[protocol]") {
  cluster one{{{{0}, {0}, 0, 1}}};
  explore({"urgent", "priority", one, {ask(1, 0, preempted_after_first_layer()), ask(2, 5)}, 1, 0, {{1}}},
          {"applied", "refused superseded", "end: none", "end: cancelled"});
}

TEST_CASE("urgent tasks preempt on two workers, under cancel and death", "[protocol]") {
  explore({"urgent, two workers",
           "priority",
           one_domain,
           {ask(1, 0, preempted_after_first_layer()), ask(2, 5)},
           1,
           0,
           {{1}}},
          {"applied", "end: none", "end: cancelled"});
}

TEST_CASE("orders to hand a running task on, beside an urgent one, one domain", "[protocol]") {
  explore({"there and back", "priority", one_domain, {ask(1, 0, moved_twice(1, 0)), ask(2, 5)}, 0, 0, {}},
          {"applied", "end: none"});
}

TEST_CASE("orders to hand a running task on, under cancel and death, one domain", "[protocol]") {
  explore({"there and back, death", "fifo", one_domain, {ask(1, 0, moved_twice(1, 0))}, 1, 0, {{1}}},
          {"applied", "refused receiver_down", "end: none", "end: cancelled"});
}

TEST_CASE("orders to hand a running task on, with refusals and cancel, two domains", "[protocol]") {
  explore({"there and back across", "fifo", two_domains, {ask(1, 0, moved_twice(1, 0))}, 0, 1, {{1}}},
          {"applied", "refused out_of_memory", "end: none", "end: cancelled"});
}

TEST_CASE("no memory at the receiver, anywhere", "[protocol]") {
  explore({"refusal",
           "priority",
           two_domains,
           {ask(1, 0, moved_after_first_layer(1)), ask(2, 5, moved_after_first_layer(0))},
           0,
           2,
           {}},
          {"refused out_of_memory", "end: none"});
}

TEST_CASE("a model is removed at any moment of a hand-over", "[protocol]") {
  explore({"removal", "priority", one_domain, {ask(1, 0, moved_after_first_layer(1)), ask(2, 5)}, 0, 0, {}, true},
          {"end: none", "end: unavailable", "too_late", "applied"});
  explore({"removal across", "fifo", two_domains, {ask(1, 0, moved_after_first_layer(1))}, 0, 0, {{1}}, true},
          {"end: none", "end: unavailable", "end: cancelled"});
  explore({"removal and death", "fifo", one_domain, {ask(1, 0, moved_after_first_layer(1))}, 1, 0, {}, true},
          {"end: none", "end: unavailable"});
}

TEST_CASE("short tasks stand in line at a device, under cancel, refusal and death", "[protocol]") {
  using std::chrono::microseconds;
  cluster one{{{{0}, {0}, 0, 1}}};
  explore({"line", "priority", one, {ask(1, 0), ask(2, 5)}, 1, 1, {{1}}, false, microseconds{1}},
          {"applied", "in line", "refused out_of_memory", "end: none", "end: cancelled"});
  explore({"line and orders",
           "priority",
           one,
           {ask(1, 0, preempted_after_first_layer()), ask(2, 5)},
           0,
           0,
           {{1}, {2}},
           false,
           microseconds{1}},
          {"applied", "in line", "end: none", "end: cancelled"});
  explore({"line, two workers",
           "priority",
           one_domain,
           {ask(1, 0, moved_after_first_layer(1)), ask(2, 5), ask(3, 0)},
           0,
           0,
           {{3}},
           false,
           microseconds{1}},
          {"applied", "in line", "end: none", "end: cancelled"});
  // The second does not fit behind the first.
  explore({"no line", "priority", one, {ask(1, 0), ask(2, 0)}, 0, 0, {{1}}, false, microseconds{150}},
          {"applied", "end: none"});
}

TEST_CASE("everything that can go wrong at once, on random walks", "[protocol]") {
  for (auto predicted : {duration{}, duration{1000}})
    for (const auto* policy : {"fifo", "priority"})
      for (const auto& devices : {one_domain, two_domains})
        wander({"at once",
                policy,
                devices,
                {ask(1, 0, moved_twice(1, 0)), ask(2, 5, moved_after_first_layer(0)),
                 ask(3, 2, preempted_after_first_layer())},
                3,
                2,
                {{1}, {2}, {3}},
                true,
                predicted},
               5000);
}
