#include <catch2/catch.hpp>

#include "scheduling/engine.hpp"
#include "scheduling/run_queue.hpp"
#include "scheduling/text_archive.hpp"
#include "scheduling/transfer_queue.hpp"

using namespace baton;
using namespace baton::scheduling;
using namespace std::chrono_literals;

namespace {

template <class Message, class Effects>
std::optional<Message> find(const Effects& all) {
  for (const auto& e : all)
    if (auto* letter = std::get_if<envelope>(&e))
      if (auto* m = std::get_if<Message>(&letter->what))
        return *m;
  return std::nullopt;
}

std::shared_ptr<const cluster> two_domains() {
  return std::make_shared<cluster>(cluster{{{{0}, {0}, 0, 1}, {{1}, {1}, 0, 1}}});
}

task some_task() {
  task t;
  t.id = {1};
  t.epoch = {1};
  t.members = {{{1}, {1}}};
  t.spent = {3us, 5us, 7us};
  t.taken = {2, 1, {1}};
  return t;
}

} // namespace

TEST_CASE("what a task waits at the engine is queued, each time it waits", "[scheduling]") {
  auto e = *engine::make({two_domains(), "priority"});
  actions out;
  auto feed = [&](const event& x, time_point now) {
    out.clear();
    e.handle(x, now, out);
  };
  feed(worker_up{{0}}, 0us);
  feed(model_added{{1}, {{1}}}, 0us);
  auto built = find<job>(out);
  REQUIRE(built);
  feed(start_attempt{{1}, {1}, {1}, {1}}, 10us);
  CHECK_FALSE(find<accept>(out));
  CHECK(e.waiting_tasks() == 1);
  feed(job_done{built->command, {0}, errc::none, {}, {}}, 40us);
  auto first = find<accept>(out);
  REQUIRE(first);
  CHECK(e.waiting_tasks() == 0);
  CHECK(first->what.spent.queued == 30us);

  // It comes back with what it has spent since, and waits again for 20 us while an urgent one runs.
  answer a{first->command, {1}, first->what.epoch};
  a.holder = worker_of({0});
  feed(a, 41us);
  feed(start_attempt{{2}, {1}, {1}, {1}, 1, 9}, 50us);
  auto taken = find<preempt>(out);
  auto urgent = find<accept>(out);
  REQUIRE(taken);
  REQUIRE(urgent);
  answer back{taken->command, {1}, {first->what.epoch.value + 1}};
  back.holder = the_scheduler;
  back.values_in = {0};
  back.laid_out_by = {0};
  back.spent = {34us, 100us, 0us};
  back.taken = {1, 0, {0}};
  feed(back, 60us);
  a = {urgent->command, {2}, urgent->what.epoch};
  a.holder = worker_of({0});
  feed(a, 70us);
  feed(finished{{2}, urgent->what.epoch, {0}, urgent->what.members, {}}, 80us);
  auto again = find<accept>(out);
  REQUIRE(again);
  CHECK(again->what.spent.queued == 54us);
  CHECK(again->what.spent.computing == 100us);
  CHECK(again->what.taken.preemptions == 1);
  CHECK(again->what.taken.last == device_id{0});
}

TEST_CASE("device time adds up over the devices that a task runs on", "[scheduling]") {
  run_queue q{{{0}, two_domains(), 0us, 1}};
  auto profile = std::make_shared<plan_profile>(plan_profile{{1, 1}, {0us, 0us}});
  effects out;
  q.on(accept{{1}, some_task(), the_scheduler, {order::kind::hand_off, {2}, {1, 0}, {1}}}, profile, out);
  auto s = q.next();
  REQUIRE(s);
  q.completed(s->lane, s->sequence, 11us, out);
  auto sent = find<bring>(out);
  REQUIRE(sent);
  CHECK(sent->what.spent.computing == 16us);

  // Refused, it runs on here; the end says all of it.
  q.on(declined{{1}, sent->what.epoch, errc::out_of_memory, {}}, out);
  s = q.next();
  REQUIRE(s);
  q.completed(s->lane, s->sequence, 13us, out);
  auto end = find<finished>(out);
  REQUIRE(end);
  CHECK(end->busy == 24us);
  CHECK(end->spent.queued == 3us);
  CHECK(end->spent.computing == 29us);
  CHECK(end->spent.moving == 7us);
}

TEST_CASE("a worker counts the move that brought a task and the preempt that takes it", "[scheduling]") {
  auto profile = std::make_shared<plan_profile>(plan_profile{{1, 1}, {0us, 0us}});
  effects out;
  run_queue first{{{0}, two_domains(), 0us, 1}};
  auto t = some_task();
  t.taken = {};
  first.on(accept{{1}, t, the_scheduler, {}}, profile, out);
  out.clear();
  first.on(preempt{{2}, {1}, {1}, {}}, out);
  auto back = find<answer>(out);
  REQUIRE(back);
  CHECK(back->taken.preemptions == 1);
  CHECK(back->taken.moves == 0);

  // On the same device again it has not moved; handed on it has, once it is accepted.
  t.epoch = {3};
  t.taken = back->taken;
  out.clear();
  first.on(accept{{3}, t, the_scheduler, {order::kind::hand_off, {4}, {1, 0}, {1}}}, profile, out);
  auto s = first.next();
  REQUIRE(s);
  first.completed(s->lane, s->sequence, 1us, out);
  auto sent = find<bring>(out);
  REQUIRE(sent);
  CHECK(sent->what.taken.moves == 0);
  out.clear();
  run_queue second{{{1}, two_domains(), 0us, 1}};
  second.on(accept{{4}, sent->what, the_scheduler, {}}, profile, out);
  while ((s = second.next()))
    second.completed(s->lane, s->sequence, 1us, out);
  auto end = find<deliver>(out);
  REQUIRE(end);
  CHECK(end->what.taken.preemptions == 1);
  CHECK(end->what.taken.moves == 1);
  out.clear();
  transfer_queue home{{{0}}};
  home.on(*end, out);
  REQUIRE(home.next());
  home.copied(errc::none, {}, out);
  CHECK(find<finished>(out)->taken.moves == 1);
}

TEST_CASE("a task that cannot be handed on keeps the durations and counts it came with", "[scheduling]") {
  effects out;
  run_queue q{{{0}, two_domains(), 0us, 1}};
  q.refuse(accept{{1}, some_task(), the_scheduler, {}}, errc::out_of_memory, {}, out);
  CHECK(find<answer>(out)->spent.computing == 5us);
  CHECK(find<answer>(out)->taken.moves == 1);

  out.clear();
  transfer_queue t{{{1}}};
  t.on(bring{{1}, some_task(), {0}, {0}, {1}, {1}, the_scheduler, {}}, out);
  REQUIRE(t.next());
  t.copied(errc::cancelled, {}, out);
  CHECK(find<answer>(out)->spent.moving == 7us);
  CHECK(find<answer>(out)->taken.preemptions == 2);
}

TEST_CASE("durations and counts survive the text form of the engine log", "[scheduling]") {
  finished f{{1}, {2}, {0}, {{{1}, {1}}}, 4us, {1us, 2us, 3us}, {4, 5, {6}}};
  text_writer w;
  w(f);
  finished g;
  text_reader r{w.text()};
  r(g);
  CHECK(r.ok());
  CHECK(r.at_end());
  CHECK(g.spent.queued == 1us);
  CHECK(g.spent.computing == 2us);
  CHECK(g.spent.moving == 3us);
  CHECK(g.taken.preemptions == 4);
  CHECK(g.taken.moves == 5);
  CHECK(g.taken.last == device_id{6});
}
