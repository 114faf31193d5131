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
