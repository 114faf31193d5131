#include <random>

#include <catch2/catch.hpp>

#include "tests/conformance/backends.hpp"
#include "tests/conformance/zoo.hpp"
#include "tests/support/reference.hpp"

using namespace baton;
using namespace baton::testing;
using metadata::position;

TEST_CASE("whole models agree with the reference", "[gpu]") {
  for (const auto& on : backends()) {
    auto machine = demand(on.open(0));
    bench_device device(on, *machine, 0);
    for (const auto& [name, model, symbols] : zoo()) {
      CAPTURE(on.name, name, symbols);
      auto inputs = random_inputs(*model, symbols, 11);
      auto got = device.infer(*device.plan(model, symbols), inputs);
      auto wanted = reference_run(*model, symbols, inputs);
      REQUIRE(got.size() == wanted.size());
      for (std::size_t i = 0; i < got.size(); ++i)
        CHECK(relative_difference(got[i], wanted[i]) <= on.tolerance);
    }
  }
}

TEST_CASE("a request gives the same bits however it is cut into submissions", "[gpu]") {
  std::mt19937 random(1);
  for (const auto& on : backends()) {
    auto machine = demand(on.open(0));
    bench_device device(on, *machine, 0);
    for (const auto& [name, model, symbols] : zoo()) {
      CAPTURE(on.name, name, symbols);
      auto plan = device.plan(model, symbols);
      auto inputs = random_inputs(*model, symbols);
      const auto whole = device.infer(*plan, inputs);
      const auto all = positions(*plan);
      // Two pieces at each position, then one piece per part, then at random.
      std::vector<std::vector<position>> cuts;
      for (std::size_t i = 1; i + 1 < all.size(); ++i)
        cuts.push_back({all.front(), all[i], all.back()});
      cuts.push_back(all);
      for (int i = 0; i < 5; ++i) {
        cuts.push_back({all.front()});
        for (std::size_t k = 1; k + 1 < all.size(); ++k)
          if (random() % 2)
            cuts.back().push_back(all[k]);
        cuts.back().push_back(all.back());
      }
      for (const auto& cut : cuts) {
        auto data = device.bind(*plan, inputs);
        for (std::size_t i = 0; i + 1 < cut.size(); ++i)
          REQUIRE_FALSE(device.run(*plan, data, cut[i], cut[i + 1]).failure);
        CHECK(same_bits(device.outputs(*plan, data), whole));
      }
    }
  }
}

TEST_CASE("requests that take turns on a device after each part do not disturb each other", "[gpu]") {
  for (const auto& on : backends()) {
    auto machine = demand(on.open(0));
    bench_device device(on, *machine, 0);
    for (const auto& [name, model, symbols] : zoo()) {
      CAPTURE(on.name, name, symbols);
      auto plan = device.plan(model, symbols);
      std::vector<std::vector<metadata::tensor>> wanted;
      std::vector<gpu::bindings> data;
      for (std::uint64_t seed : {1, 2, 3}) {
        auto inputs = random_inputs(*model, symbols, seed);
        wanted.push_back(device.infer(*plan, inputs));
        data.push_back(device.bind(*plan, inputs));
      }
      const auto all = positions(*plan);
      for (std::size_t i = 0; i + 1 < all.size(); ++i)
        for (auto& request : data)
          REQUIRE_FALSE(device.run(*plan, request, all[i], all[i + 1]).failure);
      for (std::size_t i = 0; i < data.size(); ++i)
        CHECK(same_bits(device.outputs(*plan, data[i]), wanted[i]));
    }
  }
}

TEST_CASE("a plan says how many parts its layers have and how long one takes", "[gpu]") {
  for (const auto& on : backends()) {
    auto machine = demand(on.open(0));
    bench_device device(on, *machine, 0);
    for (const auto& [name, model, symbols] : zoo()) {
      CAPTURE(on.name, name, symbols);
      auto plan = device.plan(model, symbols);
      const auto& profile = plan->profile();
      REQUIRE(profile.layers() == model->layers().size());
      REQUIRE(profile.part_time.size() == profile.parts.size());
      for (std::uint32_t i = 0; i < profile.layers(); ++i) {
        const bool cut = profile.is_within_own_parts({i, 1}); // else they are the model's
        CHECK((profile.parts[i] == model->layers()[i].parts.bind(symbols)) != cut);
        CHECK(profile.part_time[i] > std::chrono::nanoseconds(0));
      }
      CHECK(plan->symbols() == symbols);
      CHECK(&plan->of() == model.get());
      CHECK(plan->device_kind() == device.get().description().kind);
    }
  }
}

TEST_CASE("completions carry tickets in order, and the time is counted per layer", "[gpu]") {
  for (const auto& on : backends()) {
    CAPTURE(on.name);
    auto machine = demand(on.open(0));
    bench_device device(on, *machine, 0);
    auto model = tiny_cnn();
    auto plan = device.plan(model, {1});
    auto data = device.bind(*plan, random_inputs(*model, {1}));
    data.layer_time.assign(plan->profile().layers(), {});
    gpu::completion done;
    CHECK(device.get().poll({&done, 1}) == 0);
    CHECK_FALSE(device.get().wait_any(std::chrono::milliseconds(1)));
    const auto all = positions(*plan);
    for (std::size_t i = 0; i + 1 < all.size(); ++i) {
      auto issued = demand(
          device.get().submit({.plan = plan.get(), .begin = all[i], .end = all[i + 1], .data = &data, .lane = {}}));
      CHECK(issued.sequence == i + 1);
      CHECK(issued.device == device.get().description().id);
    }
    for (std::size_t i = 0; i + 1 < all.size(); ++i) {
      REQUIRE(device.get().wait_any(std::chrono::seconds(10)));
      REQUIRE(device.get().poll({&done, 1}) == 1);
      CHECK(done.done.sequence == i + 1);
      CHECK(done.elapsed > std::chrono::nanoseconds(0));
    }
    CHECK(device.get().progress({}).issued == all.size() - 1);
    CHECK(device.get().progress({}).completed == all.size() - 1);
    for (auto time : data.layer_time)
      CHECK(time > std::chrono::nanoseconds(0));
  }
}
