#include <atomic>
#include <set>
#include <thread>

#include <catch2/catch.hpp>

#include "actors/context.hpp"
#include "tests/actors/counting_machine.hpp"

using namespace baton;
using namespace baton::actors;
using namespace std::chrono_literals;

namespace {

done result(std::uint64_t id) {
  done d;
  d.request = {id};
  return d;
}

std::shared_ptr<request_record> record(std::uint64_t id) {
  auto r = std::make_shared<request_record>();
  r->id = {id};
  r->inputs = {testing::chain_input(1)};
  return r;
}

} // namespace

TEST_CASE("results come out of the done queue in order, and nothing comes after the timeout", "[actors]") {
  done_queue q;
  CHECK_FALSE(q.try_pop());
  CHECK_FALSE(q.pop(1ms));
  q.push(result(1));
  q.push(result(2));
  CHECK(q.size() == 2);
  CHECK(q.pop(1ms)->request.value == 1);
  CHECK(q.try_pop()->request.value == 2);
}

TEST_CASE("the done queue wakes whoever asked after each push", "[actors]") {
  done_queue q;
  int woken = 0;
  q.on_push([&] { woken += q.try_pop() ? 1 : 100; });
  q.push(result(1));
  q.push(result(2));
  CHECK(woken == 2);
}

TEST_CASE("many threads push and pop every result once", "[actors]") {
  done_queue q;
  constexpr std::uint64_t per_thread = 2000, threads = 4;
  std::atomic<std::uint64_t> wakes{0}, popped{0}, sum{0};
  q.on_push([&] { ++wakes; });
  std::vector<std::thread> all;
  for (std::uint64_t t = 0; t < threads; ++t)
    all.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < per_thread; ++i)
        q.push(result(t * per_thread + i));
    });
  for (std::uint64_t t = 0; t < threads; ++t)
    all.emplace_back([&] {
      while (popped < threads * per_thread)
        if (auto d = q.pop(1ms)) {
          ++popped;
          sum += d->request.value;
        }
    });
  for (auto& t : all)
    t.join();
  constexpr auto n = threads * per_thread;
  CHECK(wakes == n);
  CHECK(popped == n);
  CHECK(sum == n * (n - 1) / 2);
}

TEST_CASE("of several threads that take a request, one gets it", "[actors]") {
  request_table table;
  for (std::uint64_t i = 1; i <= 2000; ++i)
    table.add(record(i));
  std::atomic<int> taken{0};
  std::vector<std::thread> all;
  for (int t = 0; t < 3; ++t)
    all.emplace_back([&] {
      for (std::uint64_t i = 1; i <= 2000; ++i)
        taken += table.take({i}) ? 1 : 0;
    });
  all.emplace_back([&] {
    while (table.take_any())
      ++taken;
  });
  for (auto& t : all)
    t.join();
  CHECK(taken == 2000);
  CHECK(table.size() == 0);
}

TEST_CASE("outputs are kept by attempt", "[actors]") {
  auto r = record(1);
  r->put_outputs({1}, {testing::chain_input(10)}, {1us});
  r->put_outputs({2}, {testing::chain_input(20)}, {2us, 3us});
  auto second = r->take_outputs({2});
  CHECK(second.outputs.at(0).as<std::int64_t>()[0] == 20);
  CHECK(second.layer_time.size() == 2);
  CHECK(r->take_outputs({1}).outputs.at(0).as<std::int64_t>()[0] == 10);
}

TEST_CASE("the gate counts unread results, refuses at its limit and when closed", "[actors]") {
  request_gate g(3, 1000);
  REQUIRE(g.enter(0, 10));
  REQUIRE(g.enter(1, 20));
  auto refused = g.enter(1, 0);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::overloaded);
  CHECK_FALSE(g.wait_empty(1ms));
  std::thread other([&] {
    g.leave(10);
    g.leave(20);
  });
  CHECK(g.wait_empty(10s));
  other.join();
  g.close();
  CHECK(g.enter(0, 0).error().code == errc::unavailable);
}

TEST_CASE("the gate bounds the bytes of open requests, but lets a large one pass alone", "[actors]") {
  request_gate g(100, 1000);
  REQUIRE(g.enter(0, 5000));
  CHECK(g.enter(0, 1).error().code == errc::overloaded);
  g.leave(5000);
  REQUIRE(g.enter(0, 600));
  CHECK(g.enter(0, 401).error().code == errc::overloaded);
  CHECK(g.enter(0, SIZE_MAX).error().code == errc::overloaded);
  CHECK(g.enter(0, 400));
}

TEST_CASE("a model can be asked for from when it is published until it is taken back", "[actors]") {
  model_table t;
  auto m = testing::make_chain("a", 2);
  auto id = t.add(m);
  CHECK(t.add(m) != id); // another version, say
  CHECK_FALSE(t.find_published(id));
  CHECK(t.find(id) == m);
  t.publish(id);
  CHECK(t.find_published(id) == m);
  CHECK(t.unpublish(id) == m);
  CHECK_FALSE(t.unpublish(id));
  CHECK_FALSE(t.find_published(id));
  CHECK(t.find(id) == m); // for what is open
  t.remove(id);
  CHECK_FALSE(t.find(id));
}

TEST_CASE("the table of requests tells when none of a model is open", "[actors]") {
  request_table t;
  auto open = [&](std::uint64_t id, std::uint32_t model) {
    auto r = std::make_shared<request_record>();
    r->id = {id};
    r->model_number = {model};
    t.add(std::move(r));
  };
  open(1, 1);
  open(2, 1);
  open(3, 2);
  CHECK(t.wait_none_of({3}, 0ms));
  CHECK_FALSE(t.wait_none_of({1}, 1ms));
  std::thread other([&] {
    t.take({1});
    t.take({2});
    t.take({2});
  });
  CHECK(t.wait_none_of({1}, 10s));
  other.join();
  CHECK_FALSE(t.wait_none_of({2}, 0ms));
}

TEST_CASE("what is left of a model goes to who waits for it, and is dropped if nobody does any more", "[actors]") {
  notice_board b(1);
  auto left = std::make_shared<model_remains>();
  std::thread scheduler([&] { b.put_model_gone({1}, left); });
  CHECK(b.wait_model_gone({1}, 10s) == left);
  scheduler.join();
  CHECK_FALSE(b.wait_model_gone({2}, 0ms));
  b.put_model_gone({2}, left);
  CHECK(left.use_count() == 1);
}

TEST_CASE("the board gives a model's notice once, and nothing after the timeout", "[actors]") {
  notice_board b(2);
  CHECK_FALSE(b.wait_model_ready({1}, 1ms));
  std::thread scheduler([&] { b.put_model_ready({{1}, errc::bad_model, "no"}); });
  CHECK(b.wait_model_ready({1}, 10s)->message == "no");
  scheduler.join();
  CHECK_FALSE(b.wait_model_ready({1}, 1ms));
}

TEST_CASE("health needs a serving device and no vital death", "[actors]") {
  notice_board b(2);
  CHECK_FALSE(b.healthy());
  CHECK(b.wait_all_serving(1ms).error().code == errc::unavailable);
  b.put_serving({0}, true);
  CHECK(b.healthy());
  b.put_serving({1}, true);
  CHECK(b.wait_all_serving(1ms));
  CHECK(b.put_vital_death("first"));
  CHECK_FALSE(b.put_vital_death("second"));
  CHECK_FALSE(b.healthy());
  CHECK_FALSE(b.wait_model_ready({1}, 10s)); // at once
}

TEST_CASE("a registry reuses a task's block, frees it with the task, and gives back memory it saved", "[actors]") {
  auto f = std::make_shared<testing::faults>();
  auto machine = testing::make_counting_machine({{0}}, f);
  registry r(machine->domains()[0]);
  auto model = testing::make_chain("a", 2);
  auto device = machine->open({0});
  auto plan = (*device)->build_plan(model, nullptr, {1});
  r.add_plan({1}, {1}, 0, *plan);
  CHECK(r.find_plan({1}, {1}, 0) == *plan);
  CHECK_FALSE(r.find_plan({1}, {1}, 1));
  CHECK_FALSE(r.find_plan({1}, {2}, 0));

  auto request = record(1);
  auto first = r.make_values({1}, 0, *plan, request);
  REQUIRE(first);
  CHECK((*first)->data.inputs.at(0) == request->inputs[0].data());
  CHECK((*first)->data.layer_time.size() == 2);
  CHECK(*r.make_values({1}, 0, *plan, request) == *first);
  CHECK(r.find_values({1}, 0) == *first);
  CHECK(r.tasks() == 1);

  first->reset();
  r.forget({1});
  CHECK(r.tasks() == 0);
  auto second = r.make_values({2}, 0, *plan, request);
  REQUIRE(second);
  f->blocks_limit = 1; // the second's is all there is
  auto third = r.make_values({3}, 0, *plan, request);
  CHECK(third.error().code == errc::out_of_memory);
  second->reset();
  r.release({2}, 0); // gone at once: nothing is kept that the domain's limit does not know of
  CHECK(r.make_values({3}, 0, *plan, request));
}

TEST_CASE("many threads use one registry", "[actors]") {
  auto f = std::make_shared<testing::faults>();
  auto machine = testing::make_counting_machine({{0}}, f);
  registry r(machine->domains()[0]);
  auto model = testing::make_chain("a", 2);
  auto device = machine->open({0});
  auto plan = *(*device)->build_plan(model, nullptr, {1});
  std::vector<std::thread> all;
  std::atomic<int> wrong{0};
  for (std::uint64_t t = 0; t < 4; ++t)
    all.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < 1000; ++i) {
        metadata::task_id id{t * 1000 + i};
        r.add_plan({1}, {static_cast<std::int64_t>(i % 7)}, 0, plan);
        auto v = r.make_values(id, 0, plan, record(id.value));
        if (!v || r.find_values(id, 0) != *v || !r.find_plan({1}, {static_cast<std::int64_t>(i % 7)}, 0))
          ++wrong;
        v->reset();
        r.forget(id);
      }
    });
  for (auto& t : all)
    t.join();
  CHECK(wrong == 0);
  CHECK(r.tasks() == 0);
}
