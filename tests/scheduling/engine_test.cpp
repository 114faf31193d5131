#include <sstream>

#include "tests/scheduling/engine_fixture.hpp"

using namespace baton;
using namespace baton::testing;

TEST_CASE("priority takes the device of the lowest running task, the accept right behind the preempt", "[scheduling]") {
  engine_fixture f;
  f.ready();
  auto low = f.run(1, 1);
  auto lowest = f.run(2, 0);
  f.request(3, 9);
  REQUIRE(f.out.size() == 2);
  auto p = f.first<preempt>();
  REQUIRE(p);
  CHECK(p->task == lowest.id);
  auto a = f.first<accept>();
  REQUIRE(a);
  CHECK(a->what.members[0].request == request_id{3});
  CHECK(f.target == worker_of({1}));
}

TEST_CASE("fifo preempts nobody", "[scheduling]") {
  engine_fixture f{"fifo"};
  f.ready();
  f.run(1);
  f.run(2);
  f.request(3, 9);
  CHECK(f.out.empty());
}

TEST_CASE("a preempted task resumes on the device that becomes free, and that is a move", "[scheduling]") {
  engine_fixture f;
  f.ready();
  auto a = f.run(1, 1);
  auto b = f.run(2, 0);
  f.request(3, 9);
  auto p = *f.first<preempt>();
  auto urgent = *f.first<accept>();
  f.feed(f.applied(urgent.command, urgent.what, 1));
  answer back = f.applied(p.command, b, 1);
  back.holder = the_scheduler;
  back.epoch = {b.epoch.value + 1};
  back.at = {2, 0};
  f.feed(back);
  f.feed(finished{a.id, a.epoch, {0}, a.members, {}});
  auto again = f.first<accept>();
  REQUIRE(again);
  CHECK(again->what.id == b.id);
  CHECK(again->what.at == position{2, 0});
  CHECK(f.target == worker_of({0}));
  f.feed(f.applied(again->command, again->what, 0));
  CHECK(f.e.counters().moves == 1);
  CHECK(f.e.counters().preemptions == 1);
}

TEST_CASE("an urgent task handed to a busy device takes its lane from a lower one", "[scheduling]") {
  engine_fixture f;
  f.ready();
  f.request(1, 9, {{order::kind::hand_off, {1, 0}, {1}}});
  auto urgent = *f.first<accept>();
  REQUIRE(urgent.then.what == order::kind::hand_off);
  f.feed(f.applied(urgent.command, urgent.what, 0));
  auto low = f.run(2, 0);
  REQUIRE(f.target == worker_of({1}));
  auto moved = urgent.what;
  moved.epoch.value += 1;
  f.feed(f.applied(urgent.then.command, moved, 1));
  auto p = f.first<preempt>();
  REQUIRE(p);
  CHECK(p->task == low.id);
  CHECK_FALSE(f.first<accept>()); // nothing else waits
}

TEST_CASE("a task for another domain goes by the transfer into it", "[scheduling]") {
  engine_fixture f{"fifo", {{{0}, {1}, 0, 1}}};
  f.ready(1);
  f.request(1);
  auto b = f.first<bring>();
  REQUIRE(b);
  CHECK(f.target == transfer_of({1}));
  CHECK(b->from == host_domain);
  CHECK(b->from_device == no_device);
}

TEST_CASE("the death of a worker loses what it held and gives back what was on its way", "[scheduling]") {
  engine_fixture f{"fifo", {{{0}, {0}, 0, 2}}};
  f.ready(1);
  auto held = f.run(1);
  f.request(2);
  auto under_way = *f.first<accept>();
  f.feed(worker_down{{0}});
  auto lost = f.first<attempt_ended>();
  REQUIRE(lost);
  CHECK(lost->request == request_id{1});
  CHECK(lost->reason == errc::attempt_lost);
  CHECK(f.e.pending_commands() == 0);
  f.feed(worker_up{{0}});
  auto again = f.first<accept>();
  REQUIRE(again);
  CHECK(again->what.id == under_way.what.id);
  CHECK(again->what.epoch > under_way.what.epoch);
}

TEST_CASE("a passed deadline ends a waiting task at once and a running one through its worker", "[scheduling]") {
  engine_fixture f{"fifo", {{{0}, {0}, 0, 1}}};
  f.ready(1);
  f.request(1, 0, {}, std::chrono::milliseconds{1});
  auto a = *f.first<accept>();
  f.feed(f.applied(a.command, a.what, 0));
  f.request(2, 0, {}, std::chrono::milliseconds{1});
  f.now = std::chrono::milliseconds{2};
  f.feed(tick{});
  auto c = f.first<cancel>();
  REQUIRE(c);
  CHECK(c->request == request_id{1});
  auto end = f.first<attempt_ended>();
  REQUIRE(end);
  CHECK(end->request == request_id{2});
  CHECK(end->reason == errc::deadline_exceeded);
}

TEST_CASE("an accept refused for memory waits for another task to end, or ends if there is none", "[scheduling]") {
  engine_fixture f;
  f.ready();
  auto a = f.run(1);
  f.request(2);
  auto b = *f.first<accept>();
  answer no = f.applied(b.command, b.what, 1);
  no.what = outcome::refused;
  no.reason = errc::out_of_memory;
  no.holder = the_scheduler;
  no.values_in = no_domain;
  no.laid_out_by = no_device;
  f.feed(no);
  CHECK(f.out.empty());
  f.feed(finished{a.id, a.epoch, {0}, a.members, {}});
  auto again = f.first<accept>();
  REQUIRE(again);
  no.command = again->command;
  no.epoch = again->what.epoch;
  f.feed(no);
  auto end = f.first<attempt_ended>();
  REQUIRE(end);
  CHECK(end->reason == errc::out_of_memory);
}

TEST_CASE("a task whose device failed before it began goes to another, and ends if all fail it", "[scheduling]") {
  engine_fixture f{"fifo", {{{0}, {1}, 0, 1}, {{1}, {2}, 0, 1}}};
  f.ready(2);
  f.request(1);
  std::vector<party> tried;
  for (auto b = f.first<bring>(); b; b = f.first<bring>()) {
    tried.push_back(f.target);
    answer no = f.applied(b->command, b->what, b->to.value);
    no.what = outcome::refused;
    no.reason = errc::device_failed;
    no.holder = the_scheduler;
    no.values_in = no_domain;
    no.laid_out_by = no_device;
    f.feed(no);
    REQUIRE(tried.size() < 20);
  }
  REQUIRE(tried.size() > 2);
  for (std::size_t i = 1; i < tried.size(); ++i)
    CHECK((tried[i] != tried[i - 1] || i % 2 == 0)); // each device once a round
  auto end = f.first<attempt_ended>();
  REQUIRE(end);
  CHECK(end->reason == errc::device_failed);
}

TEST_CASE("a task that avoids a device runs there after all when the others are gone for good", "[scheduling]") {
  engine_fixture f{"fifo", {{{0}, {1}, 0, 1}, {{1}, {2}, 0, 1}}};
  f.ready(2);
  f.feed(worker_down{{1}}); // down, but to come again
  f.request(1);
  auto b = f.first<bring>();
  REQUIRE(b);
  REQUIRE(f.target == transfer_of({1}));
  answer no = f.applied(b->command, b->what, 0);
  no.what = outcome::refused;
  no.reason = errc::device_failed;
  no.holder = the_scheduler;
  no.values_in = no_domain;
  no.laid_out_by = no_device;
  f.feed(no);
  CHECK_FALSE(f.first<bring>()); // it waits for the other
  for (std::uint32_t i = 0; i <= scheduling::defaults::worker_restarts && !f.first<bring>(); ++i)
    f.feed(worker_down{{1}});
  CHECK(f.first<bring>());
  CHECK(f.target == transfer_of({1}));
}

TEST_CASE("an engine log replays to the same actions, and a changed line is found", "[scheduling]") {
  engine_fixture f;
  f.ready();
  f.run(1, 1);
  f.run(2, 0);
  f.request(3, 9, {{order::kind::hand_off, {1, 0}, {0}}});
  f.feed(worker_down{{1}});
  f.feed(model_removed{{1}});
  auto run = [](const std::string& log) {
    std::istringstream in{log};
    return replay([&](std::string& line) { return bool(std::getline(in, line)); });
  };
  auto same = run(f.log);
  REQUIRE(same);
  CHECK(same->first_difference == 0);
  CHECK(same->complete);
  CHECK(same->events > 5);
  auto changed = f.log;
  changed.replace(changed.find(" 9 9223372036854775807"), 2, " 0");
  auto other = run(changed);
  REQUIRE(other);
  CHECK(other->first_difference > 1);
  auto stopped = run(f.log + encode_stop("disk full"));
  CHECK_FALSE(stopped->complete);
  auto broken = run(f.log + "garbage\n");
  REQUIRE_FALSE(broken);
  CHECK(broken.error().message.find("line ") == 0);
}

TEST_CASE("an unknown policy is refused with the list of those there are", "[scheduling]") {
  auto e = engine::make(engine_fixture::config("nope", {{{0}, {0}, 0, 1}}));
  REQUIRE_FALSE(e);
  CHECK(e.error().message.find("fifo, priority") != std::string::npos);
}

TEST_CASE("a device that served for long and then dies again and again goes out of service", "[scheduling]") {
  engine_fixture f("priority", {{{0}, {0}, 0, 1}});
  f.ready(1);
  f.now += 2 * scheduling::defaults::sound_worker;
  std::uint32_t restarts = 0;
  for (std::uint32_t i = 0; i < 3 * scheduling::defaults::worker_restarts; ++i) { // it does not come up any more
    f.feed(worker_down{{0}});
    restarts +=
        std::any_of(f.out.begin(), f.out.end(), [](const action& a) { return std::holds_alternative<restart>(a); });
  }
  CHECK(restarts == scheduling::defaults::worker_restarts);
  f.request(1);
  REQUIRE(f.first<attempt_ended>());
  CHECK(f.first<attempt_ended>()->message == "no device is in service");
}
