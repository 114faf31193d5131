/// The lane of higher priority.
#include <catch2/catch.hpp>

#include "tests/cuda/gpus.hpp"
#include "tests/support/reference.hpp"

using namespace baton;
using namespace baton::testing;

TEST_CASE("what is submitted to the urgent lane does not wait for what is queued on the others", "[cuda]") {
  auto machine = open_gpus("cuda:0");
  bench_device device(how, *machine, 0);
  REQUIRE(device.get().description().lanes == 1);
  REQUIRE(device.get().description().urgent_lanes == 1);
  auto long_model = tiny_resnet();
  auto long_plan = device.plan(long_model, {4});
  auto short_model = tiny_cnn();
  auto short_plan = device.plan(short_model, {1});
  const auto inputs = random_inputs(*short_model, {1}, 1);
  const auto wanted = device.infer(*short_plan, inputs);
  auto urgent = device.bind(*short_plan, inputs);
  std::vector<gpu::bindings> others;
  for (int i = 0; i < 4; ++i)
    others.push_back(device.bind(*long_plan, random_inputs(*long_model, {4}, 1)));

  const auto all = device.get().progress({0}).issued + others.size();

  fake_cuda::delay(500);
  for (auto& data : others)
    REQUIRE(device.get().submit({long_plan.get(), {}, long_plan->profile().end(), &data, {0}, {}}));
  auto t = demand(device.get().submit({short_plan.get(), {}, short_plan->profile().end(), &urgent, {1}, {}}));
  CHECK(t.lane.value == 1);
  while (device.get().progress({1}).completed == 0)
    device.get().wait_any(std::chrono::milliseconds{100});
  CHECK(device.get().progress({0}).completed < all);
  fake_cuda::delay(0);
  CHECK(same_bits(device.outputs(*short_plan, urgent), wanted));
  while (device.get().progress({0}).completed < all)
    device.get().wait_any(std::chrono::milliseconds{100});
}
