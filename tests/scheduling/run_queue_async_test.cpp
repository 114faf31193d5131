/// Run queues of asynchronous devices: a segment completes some time after it was submitted.
#include "run_queue_fixture.hpp"

using namespace baton;
using namespace baton::testing;

namespace {

run_queue asynchronous() {
  return run_queue{{{0}, two_devices(), duration::zero(), 2}};
}

/// What a host does: asks, submits, says so.
segment submit(run_queue& q, effects& out) {
  auto s = q.next();
  REQUIRE(s);
  q.submitted(*s, out);
  return *s;
}

} // namespace

TEST_CASE("two segments of a lane are under way at once, no more", "[scheduling]") {
  auto q = asynchronous();
  effects out;
  q.on(give(1), profile(), out);
  const auto first = submit(q, out);
  const auto second = submit(q, out);
  CHECK(first.end == second.begin);
  CHECK_FALSE(q.next());
  q.completed(first.lane, first.sequence, {}, out);
  CHECK(q.next());
}

TEST_CASE("an order is obeyed at the issued frontier, with the ticket of what still runs", "[scheduling]") {
  for (auto what : {order::kind::preempt, order::kind::hand_off}) {
    auto q = asynchronous();
    effects out;
    q.on(give(1, 1, 0, {what, {7}, {1, 0}, {1}}), profile(), out);
    out.clear();
    const auto s = submit(q, out);
    CHECK(s.end == position{1, 0});
    CHECK_FALSE(q.holds({1}));
    CHECK_FALSE(q.next()); // nothing runs past the order
    if (what == order::kind::preempt) {
      const auto answers = sent<answer>(out);
      REQUIRE(answers.size() == 1);
      CHECK(answers[0].what == outcome::applied);
      CHECK(answers[0].at == position{1, 0});
      CHECK(answers[0].ready.sequence == s.sequence);
    } else {
      const auto given = sent<accept>(out);
      REQUIRE(given.size() == 1);
      CHECK(given[0].what.at == position{1, 0});
      CHECK(given[0].what.ready.sequence == s.sequence);
    }
    q.completed(s.lane, s.sequence, {}, out); // does no harm
    CHECK_FALSE(q.next());
  }
}

TEST_CASE("a task stays until it is known that its data was not at fault", "[scheduling]") {
  auto q = asynchronous();
  auto p = std::make_shared<plan_profile>(*profile());
  p->fallible = {true, false, false, false};
  effects out;
  q.on(give(1, 1, 0, {order::kind::hand_off, {7}, {1, 0}, {1}}), p, out);
  out.clear();
  const auto s = submit(q, out);
  CHECK(q.holds({1}));
  CHECK_FALSE(q.next());
  CHECK(sent<accept>(out).empty());
  SECTION("it was not") {
    q.completed(s.lane, s.sequence, {}, out);
    REQUIRE(sent<accept>(out).size() == 1);
    CHECK(sent<accept>(out)[0].what.ready.sequence == 0);
  }
  SECTION("it was") {
    q.failed_segment(s.lane, s.sequence, errc::bad_request, "an index", out);
    CHECK(sent<accept>(out).empty());
    REQUIRE(sent<failed>(out).size() == 1);
    CHECK(sent<failed>(out)[0].reason == errc::bad_request);
  }
}

TEST_CASE("a task that is handed on before it has run keeps the ticket that it came with", "[scheduling]") {
  auto q = asynchronous();
  effects out;
  auto a = give(1, 1, 0, {order::kind::hand_off, {7}, {1, 0}, {1}});
  a.what.at = {1, 0};
  a.what.ready = {{1}, {0}, 42};
  q.on(a, profile(), out);
  const auto given = sent<accept>(out);
  REQUIRE(given.size() == 1);
  CHECK(given[0].what.ready.sequence == 42);
}

TEST_CASE("a segment that the device would not take was never issued, and ends its task alone", "[scheduling]") {
  auto q = asynchronous();
  effects out;
  q.on(give(1), profile(), out);
  const auto first = submit(q, out);
  const auto refused = q.next();
  REQUIRE(refused);
  out.clear();
  q.not_submitted(*refused, errc::out_of_memory, "no room", out);
  CHECK(sent<failed>(out).empty()); // what runs still uses its memory
  CHECK_FALSE(q.next());
  q.completed(first.lane, first.sequence, {}, out);
  REQUIRE(sent<failed>(out).size() == 1);
  CHECK(sent<failed>(out)[0].reason == errc::out_of_memory);
  CHECK(q.idle());
  q.on(give(2), profile(), out);
  CHECK(submit(q, out).sequence == refused->sequence); // the device counts only what it took
}

TEST_CASE("an urgent task waits for no segment of a less important one that drains", "[scheduling]") {
  run_queue q{{{0}, two_devices(), duration::zero(), 2, 1}};
  effects out;
  q.on(give(1), profile(), out);
  const auto first = submit(q, out);
  const auto second = submit(q, out);
  CHECK(first.lane.value == 0);
  q.on(preempt{{8}, {1}, {1}, {}}, out);
  REQUIRE_FALSE(q.holds({1}));
  q.on(give(2, 1, 5), profile(), out);
  const auto urgent = submit(q, out);
  CHECK(urgent.task == task_id{2});
  CHECK(urgent.lane.value == 1);
  CHECK(urgent.sequence == 1);
  q.completed(urgent.lane, urgent.sequence, {}, out); // before what it overtook
  CHECK(submit(q, out).lane.value == 1);
  q.completed(first.lane, first.sequence, {}, out);
  q.completed(second.lane, second.sequence, {}, out);

  q.on(give(3), profile(), out); // stands in line: an urgent lane is not one more place to run
  CHECK(submit(q, out).task == task_id{2});
  CHECK_FALSE(q.next());
}

TEST_CASE("an urgent lane is for what is more important than all that runs", "[scheduling]") {
  run_queue q{{{0}, two_devices(), duration::zero(), 2, 1}};
  effects out;
  q.on(give(1, 1, 5), profile(), out);
  CHECK(submit(q, out).lane.value == 0); // nothing to overtake
  submit(q, out);
  q.on(preempt{{8}, {1}, {1}, {}}, out);
  q.on(give(2, 1, 5), profile(), out);
  CHECK_FALSE(q.next()); // behind its equal, on the same lane
}

TEST_CASE("no segment runs into a layer that the device lacks; the task waits for the order to leave", "[scheduling]") {
  run_queue q{{{0}, two_devices(), std::chrono::seconds{1}, 2}};
  auto p = std::make_shared<plan_profile>(*profile());
  p->lacking = {{2}};
  effects out;
  q.on(give(1), p, out);
  const auto s = submit(q, out);
  CHECK(s.end == position{2, 0});
  CHECK_FALSE(q.next());
  q.completed(s.lane, s.sequence, {}, out);
  CHECK_FALSE(q.has_next());
  CHECK(q.holds({1}));
  out.clear();
  q.on(preempt{{8}, {1}, {1}, {2, 0}}, out);
  const auto answers = sent<answer>(out);
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].what == outcome::applied);
  CHECK(answers[0].at == position{2, 0});
}

TEST_CASE("a ready ticket is that of the task's last stay, whatever drains of a former one", "[scheduling]") {
  auto lanes = std::make_shared<cluster>(cluster{{{{0}, {0}, 0, 2}, {{1}, {0}, 0, 2}}});
  run_queue q{{{0}, lanes, duration::zero(), 2}};
  effects out;
  q.on(give(1), profile(), out);
  CHECK(submit(q, out).lane.value == 0);
  CHECK(submit(q, out).lane.value == 0);
  q.on(preempt{{8}, {1}, {1}, {}}, out);
  auto again = give(1, 3);
  again.what.at = {2, 0};
  q.on(again, profile(), out);
  const auto later = submit(q, out); // lane 0 is full of what drains
  CHECK(later.lane.value == 1);
  out.clear();
  q.on(preempt{{9}, {1}, {3}, {}}, out);
  const auto answers = sent<answer>(out);
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].ready.lane.value == 1);
  CHECK(answers[0].ready.sequence == later.sequence);
}
