/// Plans that lack layers: a task is elsewhere by then.
#include "tests/scheduling/engine_fixture.hpp"

using namespace baton;
using namespace baton::testing;

namespace {

constexpr device_id gpu{0};
constexpr device_id cpu{1};

/// A GPU of its own domain, and a device of the host. What the GPU lacks is said of every plan.
struct mixed : engine_fixture {
  explicit mixed(std::vector<std::uint32_t> lacking,
                 std::vector<device_facts> devices = {{gpu, {1}, 1, 1}, {cpu, {0}, 0, 1}})
      : engine_fixture("priority", devices), lacks(std::move(lacking)) {
    for (const auto& d : devices)
      feed(worker_up{d.id});
    feed(model_added{{1}, {{1}}});
    std::vector<std::pair<command_id, std::uint32_t>> jobs;
    for (const auto& a : out)
      if (auto* x = std::get_if<envelope>(&a))
        if (auto* j = std::get_if<job>(&x->what))
          jobs.emplace_back(j->command, x->to.index);
    for (auto [command, device] : jobs)
      built(command, device);
  }
  void built(command_id c, std::uint32_t device) {
    if (device == gpu.value)
      feed(job_done{c, {device}, errc::none, "layer 'odd' has no kernel", {}, {lacks}});
    else
      feed(job_done{c, {device}, errc::none, {}, {}});
  }
  /// Starts a request that may only begin on the GPU; what was sent to its transfer.
  bring on_gpu(std::vector<steering> steps = {}) {
    feed(start_attempt{{1}, {1}, {1}, {1}, 1, 0, never, gpu, std::move(steps)});
    auto b = first<bring>();
    REQUIRE(b);
    auto a = applied(b->command, b->what, gpu.value);
    a.values_in = {1};
    feed(a);
    return *b;
  }
  answer given_back(const order& o, const task& t, position at) {
    auto a = applied(o.command, t, gpu.value);
    a.epoch.value = t.epoch.value + 1;
    a.at = at;
    a.values_in = {1};
    a.holder = the_scheduler;
    return a;
  }
  std::vector<std::uint32_t> lacks;
};

} // namespace

TEST_CASE("a task leaves a device ahead of the layer that it lacks, and goes on where the layer is", "[scheduling]") {
  mixed f({2});
  auto sent = f.on_gpu();
  REQUIRE(sent.then.what == order::kind::preempt);
  CHECK(sent.then.at == position{2, 0});
  f.feed(f.given_back(sent.then, sent.what, {2, 0}));
  auto moved = f.first<bring>();
  REQUIRE(moved);
  CHECK(moved->to == cpu);
  CHECK(moved->then.what == order::kind::none);
  CHECK(moved->what.at == position{2, 0});
}

TEST_CASE("a request's own step comes first if it is due first", "[scheduling]") {
  mixed f({2});
  SECTION("before") {
    auto sent = f.on_gpu({{order::kind::preempt, {1, 0}, gpu}});
    CHECK(sent.then.at == position{1, 0});
    f.feed(f.given_back(sent.then, sent.what, {1, 0}));
    auto again = f.first<accept>(); // where it was
    REQUIRE(again);
    CHECK(f.target == worker_of(gpu));
    CHECK(again->then.at == position{2, 0});
  }
  SECTION("behind") {
    auto sent = f.on_gpu({{order::kind::preempt, {3, 0}, no_device}});
    CHECK(sent.then.at == position{2, 0});
    f.feed(f.given_back(sent.then, sent.what, {2, 0}));
    auto moved = f.first<bring>();
    REQUIRE(moved);
    CHECK(moved->then.at == position{3, 0}); // still to come
  }
}

TEST_CASE("a task whose first layer is lacking begins elsewhere, or ends if it may not", "[scheduling]") {
  mixed f({0});
  f.request(1);
  REQUIRE(f.first<accept>());
  CHECK(f.target == worker_of(cpu));
  f.feed(start_attempt{{2}, {1}, {1}, {1}, 1, 0, never, gpu, {}});
  auto end = f.first<attempt_ended>();
  REQUIRE(end);
  CHECK(end->request == request_id{2});
  CHECK(end->reason == errc::bad_model);
  CHECK(end->message == "layer 'odd' has no kernel");
}

TEST_CASE("no step of a request takes it to where the layer is lacking", "[scheduling]") {
  mixed f({2});
  const auto begin_on_cpu = [&](const steering& step) {
    f.feed(start_attempt{{1}, {1}, {1}, {1}, 1, 0, never, cpu, {step}});
    auto a = f.first<accept>();
    REQUIRE(a);
    CHECK(f.target == worker_of(cpu));
    return *a;
  };
  SECTION("a hand-over does not take place") {
    CHECK(begin_on_cpu({order::kind::hand_off, {2, 0}, gpu}).then.what == order::kind::none);
  }
  SECTION("a preempt does, but it resumes where it can") {
    const auto a = begin_on_cpu({order::kind::preempt, {2, 0}, gpu});
    REQUIRE(a.then.what == order::kind::preempt);
    f.feed(f.applied(a.command, a.what, cpu.value));
    auto back = f.applied(a.then.command, a.what, cpu.value);
    back.epoch.value = a.what.epoch.value + 1;
    back.at = {2, 0};
    back.holder = the_scheduler;
    f.feed(back);
    REQUIRE(f.first<accept>());
    CHECK(f.target == worker_of(cpu));
  }
}

TEST_CASE("a model is refused if no device in service has some layer", "[scheduling]") {
  const auto said = [](const mixed& f) {
    for (const auto& a : f.out)
      if (const auto* r = std::get_if<model_ready>(&a))
        return *r;
    FAIL("nothing was said");
    return model_ready{};
  };
  CHECK(said(mixed({2})).failure == errc::none);
  const auto alone = said(mixed({2}, {{gpu, {1}, 1, 1}}));
  CHECK(alone.failure == errc::bad_model);
  CHECK(alone.message == "layer 'odd' has no kernel");
}
