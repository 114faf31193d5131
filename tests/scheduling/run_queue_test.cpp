#include "run_queue_fixture.hpp"

using namespace baton;
using namespace baton::testing;

TEST_CASE("a task runs one layer a segment at quantum 0, and finishes once", "[scheduling]") {
  auto q = queue();
  effects out;
  q.on(give(1), profile(), out);
  REQUIRE(sent<answer>(out).size() == 1);
  CHECK(sent<answer>(out)[0].what == outcome::applied);
  std::vector<position> ends;
  effects last;
  while (!q.idle()) {
    segment s;
    last = run_one(q, &s);
    ends.push_back(s.end);
  }
  CHECK(ends == std::vector<position>{{1, 0}, {2, 0}, {3, 0}, {4, 0}});
  CHECK(sent<finished>(last).size() == 2); // controller and scheduler
  CHECK(std::holds_alternative<release>(last.back()));
}

TEST_CASE("a segment holds about one quantum of parts, at least one, and may end inside a layer", "[scheduling]") {
  auto q = queue(std::chrono::microseconds{250});
  effects out;
  q.on(give(1), profile(), out);
  segment s;
  run_one(q, &s);
  CHECK(s.end == position{2, 0});
  run_one(q, &s);
  CHECK(s.end == position{2, 2});
  auto slow = queue(std::chrono::microseconds{50});
  slow.on(give(1), profile(), out);
  run_one(slow, &s);
  CHECK(s.end == position{1, 0});
}

TEST_CASE("preempt gives the task back at the next boundary, and the urgent accept behind it runs first",
          "[scheduling]") {
  auto q = queue();
  effects out;
  q.on(give(1), profile(), out);
  run_one(q);
  out.clear();
  q.on(preempt{{7}, {1}, {1}, {}}, out);
  q.on(give(2, 1, 5), profile(), out);
  auto answers = sent<answer>(out);
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].what == outcome::applied);
  CHECK(answers[0].at == position{1, 0});
  CHECK(answers[0].epoch.value == 2);
  CHECK(answers[0].holder == the_scheduler);
  CHECK_FALSE(q.holds({1}));
  segment s;
  run_one(q, &s);
  CHECK(s.task == task_id{2});
}

TEST_CASE("a standing order clips the segment and is carried out exactly there", "[scheduling]") {
  for (position at : {position{0, 0}, position{1, 0}, position{2, 1}, position{3, 0}}) {
    auto q = queue(std::chrono::seconds{1});
    effects out;
    q.on(give(1, 1, 0, {order::kind::hand_off, {9}, at, {1}}), profile(), out);
    if (at > position{})
      out = run_one(q);
    auto given = sent<accept>(out);
    REQUIRE(given.size() == 1);
    CHECK(given[0].what.at == at);
    CHECK(given[0].what.epoch.value == 2);
    CHECK(given[0].giver == worker_of({0}));
    CHECK_FALSE(q.holds({1}));
    CHECK_FALSE(q.idle()); // record and values are kept until accepted
    effects after;
    q.on(accepted{{1}, {2}}, after);
    CHECK(q.idle());
  }
}

TEST_CASE("a hand-over to another domain goes by its transfer", "[scheduling]") {
  auto q = queue();
  effects out;
  q.on(give(1, 1, 0, {order::kind::hand_off, {9}, {}, {2}}), profile(), out);
  auto brought = sent<bring>(out);
  REQUIRE(brought.size() == 1);
  CHECK(brought[0].from == domain_id{0});
  CHECK(brought[0].into == domain_id{1});
  CHECK(brought[0].to == device_id{2});
}

TEST_CASE("a declined hand-over leaves the task where it was, running", "[scheduling]") {
  auto q = queue();
  effects out;
  q.on(give(1, 1, 0, {order::kind::hand_off, {9}, {1, 0}, {1}}), profile(), out);
  run_one(q);
  out.clear();
  q.on(declined{{1}, {2}, errc::receiver_down, "gone"}, out);
  auto answers = sent<answer>(out);
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].command == command_id{9});
  CHECK(answers[0].what == outcome::refused);
  CHECK(answers[0].reason == errc::receiver_down);
  CHECK(answers[0].holder == worker_of({0}));
  segment s;
  run_one(q, &s);
  CHECK(s.begin == position{1, 0});
}

TEST_CASE("an accept older than what the worker has seen is refused", "[scheduling]") {
  auto q = queue();
  effects out;
  q.on(give(1, 5), profile(), out);
  q.on(preempt{{7}, {1}, {5}, {}}, out); // back to the scheduler under epoch 6
  out.clear();
  q.on(give(1, 6), profile(), out);
  REQUIRE(sent<answer>(out).size() == 1);
  CHECK(sent<answer>(out)[0].what == outcome::refused);
  CHECK(sent<answer>(out)[0].reason == errc::stale_epoch);
  out.clear();
  q.on(give(1, 7), profile(), out);
  CHECK(sent<answer>(out)[0].what == outcome::applied);
}

TEST_CASE("a command for a task that ended is too late, for a stranger not here", "[scheduling]") {
  auto q = queue();
  effects out;
  q.on(give(1), profile(), out);
  while (!q.idle())
    run_one(q);
  out.clear();
  q.on(preempt{{7}, {1}, {1}, {}}, out);
  q.on(cancel{{8}, {2}, {1}, {2}, {1}}, out);
  auto answers = sent<answer>(out);
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].what == outcome::too_late);
  CHECK(answers[1].what == outcome::not_here);
}

TEST_CASE("cancel drops the task and answers a standing order as too late", "[scheduling]") {
  auto q = queue();
  effects out;
  q.on(give(1, 1, 0, {order::kind::preempt, {9}, {3, 0}, no_device}), profile(), out);
  run_one(q);
  out.clear();
  q.on(cancel{{8}, {1}, {1}, {1}, {1}}, out);
  auto answers = sent<answer>(out);
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].what == outcome::applied);
  CHECK(answers[1].what == outcome::too_late);
  CHECK(q.idle());
}

TEST_CASE("on a device with segments in flight a preempt gives back a ready ticket", "[scheduling]") {
  run_queue q{{{0}, two_devices(), duration::zero(), 2}};
  effects out;
  q.on(give(1), profile(), out);
  auto first = q.next();
  auto second = q.next();
  REQUIRE(first);
  REQUIRE(second);
  CHECK_FALSE(q.next()); // two at most
  out.clear();
  q.on(preempt{{7}, {1}, {1}, {}}, out);
  auto a = sent<answer>(out);
  REQUIRE(a.size() == 1);
  CHECK(a[0].at == position{2, 0});
  CHECK(a[0].ready.sequence == second->sequence);
  out.clear();
  q.on(give(2), profile(), out);
  CHECK_FALSE(q.next()); // the lane is still draining
  q.completed({0}, first->sequence, {}, out);
  auto third = q.next();
  REQUIRE(third);
  CHECK(third->task == task_id{2});
  q.completed({0}, second->sequence, {}, out);
  CHECK(q.holds({2}));
}

TEST_CASE("data that a layer cannot use ends the task as failed", "[scheduling]") {
  auto q = queue();
  effects out;
  q.on(give(1), profile(), out);
  auto s = q.next();
  q.failed_segment(s->lane, s->sequence, errc::bad_request, "index out of range", out);
  REQUIRE(sent<failed>(out).size() == 1);
  CHECK(q.idle());
}

TEST_CASE("a later order takes the place of one that is not yet due, and both are answered", "[scheduling]") {
  auto q = queue();
  effects out;
  q.on(give(1, 1, 0, {order::kind::hand_off, {7}, {3, 0}, {1}}), profile(), out);
  out.clear();
  q.on(hand_off{{8}, {1}, {1}, {1, 0}, {1}}, out);
  REQUIRE(sent<answer>(out).size() == 1);
  CHECK(sent<answer>(out)[0].command == command_id{7});
  CHECK(sent<answer>(out)[0].what == outcome::refused);
  CHECK(sent<answer>(out)[0].reason == errc::superseded);
  out = run_one(q);
  REQUIRE(sent<accept>(out).size() == 1);
  CHECK(sent<accept>(out)[0].command == command_id{8});
}

TEST_CASE("on an asynchronous device a failed task ends after its last ticket, once", "[scheduling]") {
  run_queue q{{{0}, two_devices(), duration::zero(), 2}};
  effects out;
  q.on(give(1), profile(), out);
  auto first = *q.next();
  auto second = *q.next();
  out.clear();
  q.failed_segment(first.lane, first.sequence, errc::bad_request, "index out of range", out);
  CHECK(out.empty());
  CHECK_FALSE(q.has_next());
  q.completed(second.lane, second.sequence, {}, out);
  REQUIRE(sent<failed>(out).size() == 1);
  CHECK(sent<failed>(out)[0].reason == errc::bad_request);
  CHECK(q.idle());
}

TEST_CASE("a hand-over declined while segments were in flight leaves the task whole", "[scheduling]") {
  run_queue q{{{0}, two_devices(), duration::zero(), 2}};
  effects out;
  q.on(give(1), profile(), out);
  auto first = *q.next();
  auto second = *q.next();
  q.on(hand_off{{8}, {1}, {1}, {}, {1}}, out); // due at once: at the issued frontier
  auto away = sent<accept>(out);
  REQUIRE(away.size() == 1);
  CHECK(away[0].what.ready.sequence == second.sequence);
  q.completed(first.lane, first.sequence, {}, out);
  q.on(declined{{1}, away[0].what.epoch, errc::out_of_memory, {}}, out);
  q.completed(second.lane, second.sequence, {}, out);
  out.clear();
  q.on(cancel{{9}, {1}, away[0].what.epoch, {1}, {1}}, out);
  REQUIRE(sent<answer>(out).size() == 1);
  CHECK(sent<answer>(out)[0].what == outcome::applied);
  CHECK(q.idle());
}

TEST_CASE("inside a layer that a plan has cut a task leaves only where all devices are of one kind", "[scheduling]") {
  auto cut = std::make_shared<plan_profile>(*profile());
  cut->own_parts = {false, false, true, false};
  for (const bool mixed : {false, true}) {
    CAPTURE(mixed);
    auto devices = std::make_shared<cluster>(*two_devices());
    devices->devices[2].kind = mixed ? 1 : 0;
    run_queue q{{{0}, devices, std::chrono::microseconds{1}, 1}};
    effects out;
    q.on(give(1), cut, out);
    for (int i = 0; i < 3; ++i)
      run_one(q); // up to the second part of the third layer
    out.clear();
    q.on(preempt{{7}, {1}, {1}, {}}, out);
    while (sent<answer>(out).empty() && q.has_next())
      for (const auto& e : run_one(q))
        out.push_back(e);
    REQUIRE(sent<answer>(out).size() == 1);
    CHECK(sent<answer>(out)[0].what == outcome::applied);
    CHECK(sent<answer>(out)[0].at == (mixed ? position{3, 0} : position{2, 1}));
  }
}
