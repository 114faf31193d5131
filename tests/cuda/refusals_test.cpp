/// What libraries and cards refuse, and what becomes of it.
#include <catch2/catch.hpp>

#include "tests/cuda/gpus.hpp"
#include "tests/support/reference.hpp"

using namespace baton;
using namespace baton::testing;

TEST_CASE("a convolution whose fused call is refused runs by single calls", "[cuda]") {
  auto machine = open_gpus("cuda:0");
  bench_device device(how, *machine, 0);
  auto model = tiny_resnet(); // with activations and sums
  const auto inputs = random_inputs(*model, {2}, 1);
  const auto wanted = reference_run(*model, {2}, inputs);
  const auto work = [&](bool refused) {
    fake_cuda::refuse_fused_convolutions(refused);
    auto plan = device.plan(model, {2});
    const auto before = fake_cuda::operations();
    const auto got = device.infer(*plan, inputs);
    CHECK(relative_difference(got[0], wanted[0]) < 1e-5);
    return fake_cuda::operations() - before;
  };
  const auto fused = work(false);
  CHECK(work(true) > fused);
  fake_cuda::refuse_fused_convolutions(false);
}

TEST_CASE("a copy whose source is lost is no fault of its target", "[cuda]") {
  auto machine = open_gpus("cuda:0,cuda:1");
  auto model = tiny_cnn();
  const auto inputs = random_inputs(*model, {1}, 1);
  {
    bench_device source(how, *machine, 0);
    bench_device target(how, *machine, 1);
    auto from_plan = source.plan(model, {1});
    auto to_plan = target.plan(model, {1});
    auto from = source.bind(*from_plan, inputs);
    auto to = target.bind(*to_plan);
    auto into = demand(target.home().open_copy_engine());
    fake_cuda::lose(0);
    auto copied = into->copy({from_plan.get(), &from, {}}, {to_plan.get(), &to, {}}, {1, 0}, nullptr);
    REQUIRE_FALSE(copied);
    CHECK(copied.error().code == errc::values_lost);
    CHECK(same_bits(target.infer(*to_plan, inputs), target.infer(*to_plan, inputs)));
  }
  machine.reset();
  fake_cuda::heal();
}
