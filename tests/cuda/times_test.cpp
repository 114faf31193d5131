/// The times of a segment: when a lane had it, not when it was issued.
#include <catch2/catch.hpp>

#include "tests/cuda/gpus.hpp"

using namespace baton;
using namespace baton::testing;

TEST_CASE("a segment's time is that in which its lane had it: not what was ahead of it there, nor on another lane",
          "[cuda]") {
  auto machine = open_gpus("cuda:0,cuda:0");
  bench_device first(how, *machine, 0);
  bench_device second(how, *machine, 1);
  auto model = tiny_resnet();
  auto plan = first.plan(model, {2});
  auto data = first.bind(*plan, random_inputs(*model, {2}, 1));
  data.layer_time.resize(model->layers().size());
  const auto all = positions(*plan);
  REQUIRE(all.size() > 4);

  // All is issued before any of it has run, the end of it to another device.
  fake_cuda::delay(500);
  gpu::ticket last;
  const auto issue = [&](bench_device& on, std::size_t from, std::size_t to) {
    last = demand(on.get().submit({plan.get(), all[from], all[to], &data, {0}, {&last, last.sequence > 0 ? 1U : 0U}}));
  };
  const auto issuing = std::chrono::steady_clock::now();
  issue(first, 0, 1);
  issue(first, 1, 2);
  issue(second, 2, 3);
  issue(second, 3, all.size() - 1);
  const auto issued_in = std::chrono::steady_clock::now() - issuing;
  std::vector<gpu::completion> told;
  for (auto* on : {&first, &second})
    for (int i = 0; i < 2; ++i) {
      gpu::completion c;
      while (on->get().poll({&c, 1}) == 0)
        on->get().wait_any(std::chrono::milliseconds{100});
      REQUIRE_FALSE(c.failure);
      told.push_back(c);
    }
  fake_cuda::delay(0);

  metadata::duration sum{};
  auto free = *told.front().ended - told.front().elapsed;
  for (const auto& c : told) {
    REQUIRE(c.ended);
    CHECK(c.elapsed > metadata::duration{});
    CHECK(*c.ended - c.elapsed >= free);
    free = *c.ended;
    CHECK(c.so_far == (sum += c.elapsed));
  }
  CHECK(data.device_time == sum);
  // Each was there when the one before it had ended, but for those that were issued after that.
  const auto first_begun = *told.front().ended - told.front().elapsed;
  CHECK(sum >= *told.back().ended - first_begun - issued_in);
  metadata::duration layers{};
  for (auto t : data.layer_time)
    layers += t;
  CHECK(layers <= sum);
}

TEST_CASE("segments that fail add nothing to their task's times, whichever of two devices tells first", "[cuda]") {
  auto machine = open_gpus("cuda:0,cuda:0");
  {
    bench_device first(how, *machine, 0);
    bench_device second(how, *machine, 1);
    auto model = tiny_resnet();
    auto plan = first.plan(model, {2});
    auto data = first.bind(*plan, random_inputs(*model, {2}, 1));
    const auto all = positions(*plan);
    const auto middle = all.size() / 2;
    fake_cuda::delay(20'000);
    const auto before = demand(first.get().submit({plan.get(), all.front(), all[middle], &data, {0}, {}}));
    demand(second.get().submit({plan.get(), all[middle], all.back(), &data, {0}, {&before, 1}}));
    fake_cuda::lose(0);
    for (auto* on : {&second, &first}) {
      gpu::completion c;
      while (on->get().poll({&c, 1}) == 0)
        on->get().wait_any(std::chrono::milliseconds{100});
      REQUIRE(c.failure);
      CHECK(c.failure->code == errc::device_failed);
    }
    fake_cuda::delay(0);
    CHECK(data.device_time == metadata::duration{});
  }
  machine.reset();
  fake_cuda::heal();
}

TEST_CASE("what a segment has taken so far rises to what it took, and is nothing while another is ahead of it",
          "[cuda]") {
  auto machine = open_gpus("cuda:0,cuda:0");
  bench_device first(how, *machine, 0);
  bench_device second(how, *machine, 1);
  auto model = tiny_resnet();
  auto plan = first.plan(model, {2});
  auto data = first.bind(*plan, random_inputs(*model, {2}, 1));
  const auto all = positions(*plan);
  fake_cuda::delay(2000);
  const auto middle = all.size() / 2;
  const auto before = demand(first.get().submit({plan.get(), all.front(), all[middle], &data, {0}, {}}));
  const auto behind = demand(first.get().submit({plan.get(), all[middle], all[middle + 1], &data, {0}, {}}));
  const auto elsewhere =
      demand(second.get().submit({plan.get(), all[middle + 1], all.back(), &data, {0}, {&behind, 1}}));

  metadata::duration seen{};
  while (first.get().progress({0}).completed < before.sequence) {
    const auto later = second.get().taken(elsewhere) + first.get().taken(behind);
    const auto now = first.get().taken(before);
    CHECK(now >= seen);
    // Others have begun only if this one is over, however late that was looked at.
    CHECK((later == metadata::duration{} || first.get().progress({0}).completed >= before.sequence));
    seen = now;
  }
  CHECK(seen > metadata::duration{});
  fake_cuda::delay(0);
  gpu::completion c;
  for (auto* on : {&first, &second})
    for (const auto& t : on == &first ? std::vector{before, behind} : std::vector{elsewhere}) {
      while (on->get().progress({0}).completed < t.sequence)
        on->get().wait_any(std::chrono::milliseconds{1});
      const auto taken = on->get().taken(t);
      REQUIRE(on->get().poll({&c, 1}) == 1);
      CHECK(c.done.sequence == t.sequence);
      CHECK(taken == c.elapsed);
      if (t.sequence == before.sequence && on == &first)
        CHECK(seen <= c.elapsed);
    }
}
