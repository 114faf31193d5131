#include <cmath>
#include <thread>

#include <catch2/catch.hpp>
#include <sched.h>

#include "gpu/defaults.hpp"
#include "tests/conformance/moves.hpp"
#include "tests/conformance/zoo.hpp"
#include "tests/support/reference.hpp"

/// What is promised of the CPU backend alone.
using namespace baton;
using namespace baton::testing;

namespace {

gpu::machine_options unpinned() {
  return {.pin_threads = false};
}

} // namespace

#if !defined(__SANITIZE_THREAD__) // the OpenMP runtime is not instrumented: its teams would look like races
TEST_CASE("a move between kinds of devices converts layouts and stays within the tolerance", "[gpu]") {
  auto machine = demand(gpu::open_machine(demand(gpu::parse_devices("cpu:1,cpu:1x2,cpu:1x2@a")), unpinned()));
  bench_device from(backends()[0], *machine, 0);
  for (std::uint32_t index : {1U, 2U}) {
    bench_device to(backends()[0], *machine, index);
    CAPTURE(index);
    check_moves(backends()[0], from, to, 1e-5);
  }
}
#endif

TEST_CASE("a pinned device keeps its thread on its core", "[gpu]") {
  auto machine = demand(gpu::open_machine(demand(gpu::parse_devices("cpu:1"))));
  int cores = 0;
  std::thread([&] {
    auto device = demand(machine->open(gpu::device_id{0}));
    if (!device->attach())
      return;
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0)
      cores = CPU_COUNT(&set);
  }).join();
  CHECK(cores == 1);
  CHECK_THAT(machine->devices()[0].detail, Catch::Matchers::Contains("pinned to core"));
}

TEST_CASE("a device that is not attached refuses work", "[gpu]") {
  auto machine = demand(gpu::open_machine(demand(gpu::parse_devices("cpu:1")), unpinned()));
  auto device = demand(machine->open(gpu::device_id{0}));
  auto model = tiny_cnn();
  auto weights = demand(machine->domains()[0]->load_weights(model));
  CHECK(device->build_plan(model, weights, {1}).error().code == errc::bad_argument);
  CHECK(device->submit({}).error().code == errc::bad_argument);
}

TEST_CASE("a device whose completions are never polled stops taking work", "[gpu]") {
  auto machine = demand(gpu::open_machine(demand(gpu::parse_devices("cpu:1")), unpinned()));
  bench_device device(backends()[0], *machine, 0);
  auto model = tiny_cnn();
  auto plan = device.plan(model, {1});
  auto data = device.bind(*plan, random_inputs(*model, {1}));
  for (std::size_t i = 0; i < gpu::defaults::unpolled_completions; ++i)
    REQUIRE(device.get().submit({.plan = plan.get(), .begin = {0, 0}, .end = {1, 0}, .data = &data}));
  auto one_more = device.get().submit({.plan = plan.get(), .begin = {0, 0}, .end = {1, 0}, .data = &data});
  REQUIRE_FALSE(one_more);
  CHECK(one_more.error().code == errc::overloaded);
  gpu::completion done;
  CHECK(device.get().poll({&done, 1}) == 1);
  CHECK(device.get().submit({.plan = plan.get(), .begin = {0, 0}, .end = {1, 0}, .data = &data}));
}

TEST_CASE("a plan that takes the address of one that is gone is not run with its operands", "[gpu]") {
  auto machine = demand(gpu::open_machine(demand(gpu::parse_devices("cpu:1")), unpinned()));
  bench_device device(backends()[0], *machine, 0);
  auto cnn = tiny_cnn();
  auto resnet = tiny_resnet();
  for (int i = 0; i < 20; ++i) {
    const auto& model = i % 2 ? cnn : resnet;
    const metadata::symbol_values symbols{1 + i % 3};
    auto inputs = random_inputs(*model, symbols);
    auto got = device.infer(*device.plan(model, symbols), inputs);
    CHECK(relative_difference(got[0], reference_run(*model, symbols, inputs)[0]) <= 1e-5);
  }
}

TEST_CASE("what a layer cannot do is an error that names it", "[gpu]") {
  auto machine = demand(gpu::open_machine(demand(gpu::parse_devices("cpu:1")), unpinned()));
  bench_device device(backends()[0], *machine, 0);
  model_builder b("odd");
  auto n = b.symbol("N");
  metadata::conv_layer a;
  a.has_batch_norm = true; // folded into weights that are not known ahead of time
  auto ones = b.weight({4}, 0.0F, 1.0F);
  auto x = b.input("x", {n, 2, 8, 8});
  auto w = b.input("w", {4, 2, 3, 3});
  auto model = b.output(b.layer(a, {x, w, metadata::none, metadata::none, ones, ones, ones, ones})[0]).build();
  auto plan = device.get().build_plan(model, demand(device.home().load_weights(model)), {1});
  REQUIRE_FALSE(plan);
  CHECK(plan.error().code == errc::bad_model);
  CHECK_THAT(plan.error().message, Catch::Matchers::Contains(model->layers()[0].name));
}

TEST_CASE("weights that can no longer be read are an error of the file", "[gpu]") {
  auto machine = demand(gpu::open_machine(demand(gpu::parse_devices("cpu:1")), unpinned()));
  bench_device device(backends()[0], *machine, 0);
  model_builder b("gone");
  auto n = b.symbol("N");
  b.output(b.linear(b.input("x", {n, 4}), 3));
  for (auto& v : b.parts().values)
    if (v.origin == metadata::value_origin::weight) {
      v.weight.file = "/nonexistent/weights";
      v.weight.inline_bytes.clear();
    }
  auto model = b.build();
  auto plan = device.get().build_plan(model, demand(device.home().load_weights(model)), {1});
  REQUIRE_FALSE(plan);
  CHECK(plan.error().code == errc::io);
  CHECK(device.home().usage().weights == 0);
}
