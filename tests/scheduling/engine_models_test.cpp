/// Models and their plans: built, not to be built, removed.
#include "tests/scheduling/engine_fixture.hpp"

using namespace baton;
using namespace baton::testing;

TEST_CASE("the engine builds a plan before it gives out the first task", "[scheduling]") {
  engine_fixture f;
  f.feed(worker_up{{0}});
  f.feed(worker_up{{1}});
  f.feed(model_added{{1}, {}});
  f.request(1);
  CHECK_FALSE(f.first<accept>());
  auto j = f.first<job>();
  REQUIRE(j);
  f.feed(job_done{j->command, {f.target.index}, errc::none, {}, {}});
  CHECK(f.first<accept>());
}

TEST_CASE("a plan that cannot be built rejects what asked for it, with the reason", "[scheduling]") {
  engine_fixture f;
  f.feed(worker_up{{0}});
  f.feed(model_added{{1}, {}});
  f.request(1);
  auto j = f.first<job>();
  REQUIRE(j);
  f.feed(job_done{j->command, {0}, errc::bad_model, "layer 'x' cannot run here", {}});
  auto end = f.first<attempt_ended>();
  REQUIRE(end);
  CHECK(end->reason == errc::bad_model);
  CHECK(end->message == "layer 'x' cannot run here");
  CHECK(f.e.open_tasks() == 0);
}

TEST_CASE("a removed model's tasks end wherever they are, and only then is it forgotten", "[scheduling]") {
  engine_fixture f{"fifo", {{{0}, {0}, 0, 1}}};
  f.ready(1);
  auto runs = f.run(1);
  f.request(2); // waits
  f.feed(model_removed{{1}});
  auto c = f.first<cancel>();
  REQUIRE(c);
  CHECK(c->task == runs.id);
  auto end = f.first<attempt_ended>();
  REQUIRE(end);
  CHECK(end->request == request_id{2});
  CHECK(end->reason == errc::unavailable);
  CHECK_FALSE(f.forgets());
  f.request(3);
  CHECK(f.first<attempt_ended>()->message == "the model is being unloaded");
  auto stopped = f.applied(c->command, runs, 0);
  f.feed(stopped);
  CHECK(f.first<attempt_ended>()->request == request_id{1});
  CHECK(f.forgets());
  f.request(4); // it was on its way
  CHECK(f.first<attempt_ended>()->reason == errc::unavailable);
  CHECK(f.first<attempt_ended>()->message == "the model has been unloaded");
  f.feed(start_attempt{{5}, {1}, {2}, {1}, 1, 0, never, no_device, {}});
  CHECK(f.first<attempt_ended>()->reason == errc::not_found);
  f.feed(model_removed{{1}}); // nothing happens twice
  CHECK(f.out.empty());
}

TEST_CASE("a model removed while its plan is built is forgotten when the job is done, or its worker dead",
          "[scheduling]") {
  bool dies = GENERATE(false, true);
  engine_fixture f{"fifo", {{{0}, {0}, 0, 1}}};
  f.feed(worker_up{{0}});
  f.feed(model_added{{1}, {{1}, {2}}});
  auto j = f.first<job>();
  REQUIRE(j);
  f.request(1);
  f.feed(model_removed{{1}});
  CHECK(f.first<attempt_ended>());
  CHECK_FALSE(f.forgets());
  if (dies) {
    f.feed(worker_down{{0}});
    CHECK(f.forgets());
    f.feed(worker_up{{0}});
  } else {
    f.feed(job_done{j->command, {0}, errc::none, {}, {}});
    CHECK(f.forgets());
  }
  CHECK_FALSE(f.first<job>()); // neither again nor the second shape
  f.feed(model_added{{2}, {{1}}});
  CHECK(f.first<job>()->model == model_id{2});
}

TEST_CASE("a model that is removed leaves the tasks and plans of others alone", "[scheduling]") {
  engine_fixture f{"fifo", {{{0}, {0}, 0, 2}}};
  f.ready(1);
  f.feed(model_added{{2}, {{1}}});
  auto j = f.first<job>();
  f.feed(job_done{j->command, {0}, errc::none, {}, {}});
  auto other = f.run(1);
  f.feed(model_removed{{2}});
  CHECK(f.forgets());
  CHECK(f.out.size() == 1);
  f.feed(finished{other.id, other.epoch, {0}, other.members, {}});
  CHECK(f.e.open_tasks() == 0);
  f.run(2);
  CHECK(f.e.open_tasks() == 1);
}
