#include <catch2/catch.hpp>

#include "tests/conformance/backends.hpp"
#include "tests/conformance/zoo.hpp"
#include "tests/support/reference.hpp"

using namespace baton;
using namespace baton::testing;
using Catch::Matchers::Contains;
using metadata::position;

namespace {

/// A limit that nothing here meets, of the kind that the limits below are: without any, a device may set memory aside
/// for what goes without.
constexpr std::uint64_t ample = std::uint64_t{128} << 20;

} // namespace

TEST_CASE("a memory limit is an error that names the domain and the sizes", "[gpu]") {
  for (const auto& on : backends()) {
    CAPTURE(on.name);
    auto model = tiny_resnet();
    auto ample_machine = demand(on.open(ample));
    bench_device with_ample(on, *ample_machine, 0);
    auto needed = with_ample.plan(model, {1});
    const auto usage = with_ample.home().usage();
    CHECK(usage.weights > 0);
    const auto total = usage.weights + usage.scratch + needed->block_bytes();

    // Too little for the weights, for the block to measure with, and just enough for one request.
    for (auto limit : {usage.weights / 2, usage.weights + 64, total + 4096}) {
      CAPTURE(limit);
      auto machine = demand(on.open(limit));
      bench_device device(on, *machine, 0);
      auto weights = demand(device.home().load_weights(model));
      auto plan = device.get().build_plan(model, weights, {1});
      if (limit < total) {
        REQUIRE_FALSE(plan);
        CHECK(plan.error().code == errc::out_of_memory);
        CHECK_THAT(plan.error().message,
                   Contains("'" + device.home().description().name + "'") && Contains(std::to_string(limit)));
        continue;
      }
      REQUIRE(plan);
      auto first = device.home().allocate((*plan)->block_bytes());
      REQUIRE(first);
      auto second = device.home().allocate((*plan)->block_bytes());
      REQUIRE_FALSE(second);
      CHECK(second.error().code == errc::out_of_memory);
      CHECK_THAT(second.error().message, Contains("'" + device.home().description().name + "'"));
      first->reset();
      CHECK(device.home().allocate((*plan)->block_bytes()));
    }
  }
}

TEST_CASE("a plan too large for the memory limit does no harm to one that is there", "[gpu]") {
  for (const auto& on : backends()) {
    CAPTURE(on.name);
    auto model = tiny_resnet();
    std::uint64_t limit = 0;
    {
      auto machine = demand(on.open(ample));
      bench_device with_ample(on, *machine, 0);
      auto plan = with_ample.plan(model, {1});
      const auto usage = with_ample.home().usage();
      limit = usage.weights + usage.scratch + 2 * plan->block_bytes() + 4096;
    }
    auto machine = demand(on.open(limit));
    bench_device device(on, *machine, 0);
    auto weights = demand(device.home().load_weights(model));
    auto small = demand(device.get().build_plan(model, weights, {1}));
    auto inputs = random_inputs(*model, {1});
    auto before = device.infer(*small, inputs);
    auto large = device.get().build_plan(model, weights, {64});
    REQUIRE_FALSE(large);
    CHECK(large.error().code == errc::out_of_memory);
    CHECK(same_bits(device.infer(*small, inputs), before));
  }
}

TEST_CASE("what is let go is counted as free again", "[gpu]") {
  for (const auto& on : backends()) {
    CAPTURE(on.name);
    auto machine = demand(on.open(0));
    auto home = machine->domains()[machine->devices()[0].domain.value];
    {
      bench_device device(on, *machine, 0);
      auto model = tiny_lstm();
      auto plan = device.plan(model, {2, 3});
      auto data = device.bind(*plan, random_inputs(*model, {2, 3}));
      CHECK(home->usage().weights > 0);
      CHECK(home->usage().blocks >= plan->block_bytes());
    }
    CHECK(home->usage().weights == 0);
    CHECK(home->usage().blocks == 0);
    CHECK(home->usage().scratch == 0);
  }
}

TEST_CASE("plans of several shapes share one copy of the weights", "[gpu]") {
  for (const auto& on : backends()) {
    auto machine = demand(on.open(0));
    bench_device device(on, *machine, 0);
    for (const auto& model : {tiny_cnn(), tiny_resnet()}) {
      CAPTURE(on.name, model->name());
      auto weights = demand(device.home().load_weights(model));
      auto one = demand(device.get().build_plan(model, weights, {1}));
      const auto bytes = weights->bytes();
      CHECK(bytes > 0);
      auto four = demand(device.get().build_plan(model, weights, {4}));
      for (std::uint32_t i = 0; i < model->layers().size(); ++i)
        UNSCOPED_INFO(one->kernel(i).name << ", of four " << four->kernel(i).name);
      CHECK(weights->bytes() == bytes);
      CHECK(demand(device.home().load_weights(model)) == weights);
    }
  }
}

TEST_CASE("a submission that makes no sense is refused and issues nothing", "[gpu]") {
  for (const auto& on : backends()) {
    CAPTURE(on.name);
    auto machine = demand(on.open(0));
    bench_device device(on, *machine, 0);
    bench_device elsewhere(on, *machine, 2);
    auto model = tiny_lstm();
    auto plan = device.plan(model, {1, 4});
    auto foreign = elsewhere.plan(model, {1, 4});
    auto data = device.bind(*plan, random_inputs(*model, {1, 4}));
    auto foreign_data = elsewhere.bind(*foreign, random_inputs(*model, {1, 4}));
    auto small = device.bind(*plan);
    small.activations = demand(device.home().allocate(1));
    auto no_block = data;
    no_block.activations.reset();
    auto no_inputs = data;
    no_inputs.inputs.push_back(nullptr);
    auto bad_times = data;
    bad_times.layer_time.resize(1);
    const auto end = plan->profile().end();
    const gpu::ticket unready{device.get().description().id, {}, 1};

    auto refused = [&](gpu::submission work) {
      auto answer = device.get().submit(work);
      return !answer && answer.error().code == errc::bad_argument && !answer.error().message.empty();
    };
    CHECK(refused({.plan = nullptr, .begin = {0, 0}, .end = end, .data = &data}));
    CHECK(refused({.plan = foreign.get(), .begin = {0, 0}, .end = end, .data = &foreign_data}));
    CHECK(refused({.plan = plan.get(), .begin = {0, 0}, .end = end, .data = nullptr}));
    CHECK(refused({.plan = plan.get(), .begin = {0, 0}, .end = end, .data = &foreign_data}));
    CHECK(refused({.plan = plan.get(), .begin = {0, 0}, .end = end, .data = &small}));
    CHECK(refused({.plan = plan.get(), .begin = {0, 0}, .end = end, .data = &no_block}));
    CHECK(refused({.plan = plan.get(), .begin = {0, 0}, .end = end, .data = &no_inputs}));
    CHECK(refused({.plan = plan.get(), .begin = {0, 0}, .end = end, .data = &bad_times}));
    CHECK(refused({.plan = plan.get(), .begin = {0, 0}, .end = end, .data = &data, .lane = {7}}));
    for (auto [from, to] : {std::pair<position, position>{{0, 0}, {0, 0}},
                            {{1, 0}, {0, 0}},
                            {{0, 1}, end},
                            {{0, 0}, {0, 1}},
                            {{0, 0}, {end.layer, 1}},
                            {{0, 0}, {end.layer + 1, 0}},
                            {end, end},
                            {{2, 0}, {2, 4}}}) {
      CAPTURE(from.layer, from.part, to.layer, to.part);
      CHECK(refused({.plan = plan.get(), .begin = from, .end = to, .data = &data}));
    }
    if (device.get().description().is_inline)
      CHECK(refused({.plan = plan.get(), .begin = {0, 0}, .end = end, .data = &data, .waits = {&unready, 1}}));
    CHECK(device.get().progress({}).issued == 0);
    gpu::completion done;
    CHECK(device.get().poll({&done, 1}) == 0);
    CHECK_FALSE(device.run(*plan, data, {0, 0}, end).failure);
  }
}

TEST_CASE("an index out of range fails its own submission only", "[gpu]") {
  const auto bad = GENERATE(std::int64_t{32}, std::int64_t{-33}, std::int64_t{1} << 40, INT64_MIN, INT64_MAX);
  for (const auto& on : backends()) {
    CAPTURE(on.name, bad);
    auto machine = demand(on.open(0));
    bench_device device(on, *machine, 0);
    auto model = tiny_lstm();
    auto plan = device.plan(model, {2, 3});
    auto good = random_inputs(*model, {2, 3});
    const auto wanted = device.infer(*plan, good);
    auto inputs = good;
    inputs[0] = metadata::tensor(metadata::element_type::int64, {2, 3});
    inputs[0].as_mutable<std::int64_t>()[4] = bad;
    auto data = device.bind(*plan, inputs);
    auto done = device.run(*plan, data, {0, 0}, plan->profile().end());
    REQUIRE(done.failure);
    CHECK(done.failure->code == errc::bad_request);
    CHECK_THAT(done.failure->message, Contains(std::to_string(bad)) && Contains(model->layers()[0].name));
    CHECK(same_bits(device.infer(*plan, good), wanted));
  }
}

TEST_CASE("plans and copies of the wrong things are refused", "[gpu]") {
  for (const auto& on : backends()) {
    CAPTURE(on.name);
    auto machine = demand(on.open(0));
    bench_device device(on, *machine, 0);
    bench_device elsewhere(on, *machine, 2);
    auto cnn = tiny_cnn();
    auto resnet = tiny_resnet();
    auto cnn_weights = demand(device.home().load_weights(cnn));
    auto code = [](const auto& x) { return x ? errc::none : x.error().code; };
    auto& d = device.get();
    CHECK(code(d.build_plan(resnet, cnn_weights, {1})) == errc::bad_argument);
    CHECK(code(d.build_plan(cnn, nullptr, {1})) == errc::bad_argument);
    CHECK(code(d.build_plan(nullptr, cnn_weights, {1})) == errc::bad_argument);
    CHECK(code(d.build_plan(cnn, demand(elsewhere.home().load_weights(cnn)), {1})) == errc::bad_argument);
    CHECK(code(d.build_plan(cnn, cnn_weights, {})) == errc::bad_argument);
    CHECK(code(d.build_plan(cnn, cnn_weights, {0})) == errc::bad_request);
    CHECK(code(d.build_plan(cnn, cnn_weights, {-1})) == errc::bad_request);
    CHECK(code(d.build_plan(cnn, cnn_weights, {std::int64_t{1} << 45})) == errc::bad_request);
    CHECK(code(d.build_plan(cnn, cnn_weights, {std::int64_t{1} << 62})) == errc::bad_request);

    auto one = device.plan(cnn, {1});
    auto two = device.plan(cnn, {2});
    auto other = device.plan(resnet, {1});
    auto there = elsewhere.plan(cnn, {1});
    auto a = device.bind(*one);
    auto b = device.bind(*two);
    auto c = device.bind(*other);
    auto far = elsewhere.bind(*there);
    auto copier = demand(device.home().open_copy_engine());
    CHECK(code(copier->copy({one.get(), &a}, {two.get(), &b}, {0, 0}, nullptr)) == errc::bad_argument);
    CHECK(code(copier->copy({one.get(), &a}, {other.get(), &c}, {0, 0}, nullptr)) == errc::bad_argument);
    CHECK(code(copier->copy({one.get(), &a}, {there.get(), &far}, {0, 0}, nullptr)) == errc::bad_argument);
    CHECK(code(copier->copy({one.get(), &a}, {nullptr, &b}, {0, 0}, nullptr)) == errc::bad_argument);
    CHECK(code(copier->copy({one.get(), &a}, {one.get(), &a}, {0, 1}, nullptr)) == errc::bad_argument);
    CHECK(code(copier->copy({one.get(), &a}, {one.get(), &a}, {999, 0}, nullptr)) == errc::bad_argument);
    CHECK(code(copier->fetch_outputs({nullptr, &a}, nullptr)) == errc::bad_argument);
    CHECK(code(machine->open(gpu::device_id{99})) == errc::not_found);
  }
}
