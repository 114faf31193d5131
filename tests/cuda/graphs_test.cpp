/// Segments that are launched as captured graphs.
#include <catch2/catch.hpp>

#include "tests/conformance/zoo.hpp"
#include "tests/cuda/gpus.hpp"
#include "tests/support/reference.hpp"

using namespace baton;
using namespace baton::testing;

namespace {

std::unique_ptr<gpu::machine> gpus(gpu::graph_use graphs, std::uint64_t limit = 0) {
  return open_gpus("cuda:0", {.memory_limit = limit, .graphs = graphs});
}

/// Products, one behind the other.
model_ptr chain(int layers) {
  model_builder builder("chain", 3);
  auto x = builder.input("x", {builder.symbol("N"), 4});
  for (int i = 0; i < layers; ++i)
    x = builder.linear(x, 4);
  builder.output(x);
  return builder.build();
}

void run_layer_by_layer(bench_device& device, const gpu::plan& p, gpu::bindings& data) {
  for (metadata::position at; at < p.profile().end(); at = {at.layer + 1, 0})
    REQUIRE_FALSE(device.run(p, data, at, {at.layer + 1, 0}).failure);
}

} // namespace

TEST_CASE("a graph computes what single calls compute, bit for bit", "[cuda]") {
  auto plain = gpus(gpu::graph_use::never);
  auto captured = gpus(gpu::graph_use::always);
  bench_device by_calls(how, *plain, 0);
  bench_device by_graphs(how, *captured, 0);
  for (const auto& [name, model, symbols] : zoo()) {
    INFO(name);
    auto expected_from = by_calls.plan(model, symbols);
    auto p = by_graphs.plan(model, symbols);
    for (std::uint64_t seed = 1; seed < 6; ++seed) { // the third time on, blocks and graphs are old ones
      const auto inputs = random_inputs(*model, symbols, seed);
      const auto before = fake_cuda::graph_launches();
      const auto wanted = by_calls.infer(*expected_from, inputs);
      CHECK(fake_cuda::graph_launches() == before);
      CHECK(same_bits(by_graphs.infer(*p, inputs), wanted));
      CHECK(fake_cuda::graph_launches() == before + (seed > 1 ? 1 : 0));
    }
  }
}

TEST_CASE("a graph is of one block and one plan", "[cuda]") {
  auto machine = gpus(gpu::graph_use::always);
  bench_device device(how, *machine, 0);
  auto model = tiny_cnn();
  auto p = device.plan(model, {2});
  auto q = device.plan(model, {2});
  auto inputs = random_inputs(*model, {2}, 1);
  const auto wanted = device.infer(*p, inputs);
  for (int i = 0; i < 6; ++i) { // freed blocks come back
    auto a = device.bind(*p, inputs);
    auto b = device.bind(*p, inputs);
    for (auto* data : {&a, &b})
      run_layer_by_layer(device, i % 2 == 0 ? *p : *q, *data);
    CHECK(same_bits(device.outputs(*p, a), wanted));
    CHECK(same_bits(device.outputs(*p, b), wanted));
  }
}

TEST_CASE("more segments than are remembered run all the same", "[cuda]") {
  auto machine = gpus(gpu::graph_use::always);
  bench_device device(how, *machine, 0);
  auto model = chain(40);
  auto p = device.plan(model, {1});
  auto inputs = random_inputs(*model, {1}, 1);
  const auto wanted = device.infer(*p, inputs);
  const auto layers = p->profile().layers();
  REQUIRE(layers * (layers + 1) / 2 > 600);
  auto data = device.bind(*p, inputs);
  for (int round = 0; round < 3; ++round) {
    for (std::uint32_t begin = 0; begin < layers; ++begin)
      for (std::uint32_t end = begin + 1; end <= layers; ++end)
        REQUIRE_FALSE(device.run(*p, data, {begin, 0}, {end, 0}).failure);
    auto fresh = device.bind(*p, inputs);
    run_layer_by_layer(device, *p, fresh);
    CHECK(same_bits(device.outputs(*p, fresh), wanted));
  }
}

TEST_CASE("a graph tells of the task's faults as single calls do", "[cuda]") {
  auto machine = gpus(gpu::graph_use::always);
  bench_device device(how, *machine, 0);
  auto model = tiny_lstm();
  auto p = device.plan(model, {1, 3});
  auto good = random_inputs(*model, {1, 3}, 1);
  auto bad = random_inputs(*model, {1, 3}, 1);
  bad[0].as_mutable<std::int64_t>()[1] = 77;
  auto data = device.bind(*p, good);
  for (int i = 0; i < 6; ++i) {
    auto again = device.bind(*p, i % 3 == 2 ? bad : good);
    const auto done = device.run(*p, again, {}, p->profile().end());
    REQUIRE(done.failure.has_value() == (i % 3 == 2));
    if (done.failure)
      CHECK_THAT(done.failure->message, Catch::Contains("index 77"));
  }
}

TEST_CASE("graphs take no more memory than their domain counts for them, and what is not run any more makes room",
          "[cuda]") {
  fake_cuda::heal();
  auto plain = gpus(gpu::graph_use::never);
  auto captured = gpus(gpu::graph_use::always);
  auto model = chain(40);
  const auto scratch = [&](gpu::machine& m) {
    bench_device device(how, m, 0);
    auto p = device.plan(model, {1});
    return device.home().usage().scratch;
  };
  REQUIRE(scratch(*captured) > scratch(*plain));
  const auto counted = scratch(*captured) - scratch(*plain);

  bench_device device(how, *captured, 0);
  auto p = device.plan(model, {1});
  CHECK(fake_cuda::graph_bytes(0) == 0); // what was measured is gone
  const auto inputs = random_inputs(*model, {1}, 1);
  const auto wanted = device.infer(*p, inputs);
  const auto end = p->profile().end();
  auto data = device.bind(*p, inputs);
  // Many different segments, none so often that all could not be remembered, but too many for their memory.
  std::size_t most = 0;
  for (int round = 0; round < 3; ++round)
    for (std::uint32_t begin = 0; begin < 10; ++begin)
      for (std::uint32_t last = 21; last <= end.layer; ++last) {
        REQUIRE_FALSE(device.run(*p, data, {begin, 0}, {last, 0}).failure);
        most = std::max(most, fake_cuda::graph_bytes(0));
        REQUIRE(most <= counted);
      }
  CHECK(most > counted / 4); // there were graphs, and a bound was met
  const auto before = fake_cuda::graph_launches();
  for (int i = 0; i < 600; ++i)
    REQUIRE(same_bits(device.infer(*p, inputs), wanted)); // in one block, which comes back
  CHECK(fake_cuda::graph_launches() > before + 10);
  CHECK(fake_cuda::graph_bytes(0) <= counted);
}

TEST_CASE("a segment whose graph finds no room is not captured, in whatever block it runs", "[cuda]") {
  auto machine = gpus(gpu::graph_use::always);
  bench_device device(how, *machine, 0);
  auto model = chain(40);
  auto p = device.plan(model, {1});
  const auto inputs = random_inputs(*model, {1}, 1);
  const auto end = p->profile().end();
  // More blocks than there is memory for.
  std::vector<gpu::bindings> blocks;
  for (int i = 0; i < 60; ++i)
    blocks.push_back(device.bind(*p, inputs));
  const auto captured = fake_cuda::captures();
  std::uint64_t launched = 0;
  for (int round = 0; round < 4; ++round) {
    const auto before = fake_cuda::graph_launches();
    for (auto& data : blocks)
      REQUIRE_FALSE(device.run(*p, data, {}, end).failure);
    launched = fake_cuda::graph_launches() - before;
  }
  CHECK(launched > 0);
  CHECK(launched < blocks.size());
  CHECK(fake_cuda::captures() == captured + launched);
}

TEST_CASE("lanes set memory aside for graphs once a plan is faster with them, and measure in it", "[cuda]") {
  constexpr std::uint64_t limit = std::uint64_t{256} << 20;
  auto model = chain(3);
  const auto inputs = random_inputs(*model, {1}, 1);
  const auto scratch = [](bench_device& device) { return device.home().usage().scratch; };
  auto plain = open_gpus("cuda:0/7", {.memory_limit = limit, .graphs = gpu::graph_use::never});
  bench_device by_calls(how, *plain, 0);
  auto reference = by_calls.plan(model, {1});
  const auto wanted = by_calls.infer(*reference, inputs);

  auto machine = open_gpus("cuda:0/7", {.memory_limit = limit});
  bench_device device(how, *machine, 0);
  const auto launches_of = [&](const gpu::plan& p) {
    const auto before = fake_cuda::graph_launches();
    for (int i = 0; i < 3; ++i)
      CHECK(same_bits(device.infer(p, inputs), wanted));
    return fake_cuda::graph_launches() - before;
  };
  fake_cuda::issue_takes(0, 100'000);
  auto slower = device.plan(model, {1});
  fake_cuda::issue_takes(0, 0);
  CHECK(launches_of(*slower) == 0);
  CHECK(scratch(device) == scratch(by_calls));

  const auto faster = [&] {
    fake_cuda::issue_takes(3'000, 0);
    auto p = device.plan(model, {1});
    fake_cuda::issue_takes(0, 0);
    return p;
  };
  auto first = faster();
  CHECK(launches_of(*first) > 0);
  const auto aside = scratch(device) - scratch(by_calls);
  CHECK(aside == 8 * (std::uint64_t{16} << 20)); // the urgent lane too

  // All else is taken, but for the block to measure with.
  const auto used = device.home().usage();
  std::vector<std::shared_ptr<gpu::block>> taken;
  const auto left = limit - used.weights - used.blocks - used.scratch - slower->block_bytes() - 4096;
  taken.push_back(demand(device.home().allocate(left)));
  auto second = faster();
  taken.clear();
  CHECK(launches_of(*second) > 0);
}

TEST_CASE("where there is no memory for graphs all runs by single calls", "[cuda]") {
  fake_cuda::heal();
  auto model = tiny_resnet();
  const auto inputs = random_inputs(*model, {1}, 1);
  std::uint64_t needed = 0;
  std::vector<metadata::tensor> wanted;
  {
    auto plain = gpus(gpu::graph_use::never);
    bench_device device(how, *plain, 0);
    auto p = device.plan(model, {1});
    wanted = device.infer(*p, inputs);
    const auto usage = device.home().usage();
    needed = usage.weights + usage.scratch + 4 * p->block_bytes();
  }
  const auto by_calls = [&](bench_device& device, const gpu::plan& p) {
    const auto before = fake_cuda::graph_launches();
    for (int i = 0; i < 4; ++i)
      CHECK(same_bits(device.infer(p, inputs), wanted));
    CHECK(fake_cuda::graph_launches() == before);
  };
  {
    auto limited = gpus(gpu::graph_use::always, needed);
    bench_device device(how, *limited, 0);
    auto p = device.plan(model, {1});
    by_calls(device, *p);
  }
  auto captured = gpus(gpu::graph_use::always);
  bench_device device(how, *captured, 0);
  auto p = device.plan(model, {1});
  CHECK(same_bits(device.infer(*p, inputs), wanted)); // its block is kept
  fake_cuda::limit_memory(0);
  by_calls(device, *p);
  fake_cuda::heal();
}
