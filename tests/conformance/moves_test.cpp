#include <atomic>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/conformance/moves.hpp"
#include "tests/conformance/zoo.hpp"
#include "tests/support/reference.hpp"

using namespace baton;
using namespace baton::testing;

TEST_CASE("a move between equal devices gives the same bits at every position", "[gpu]") {
  // To the second device of the domain, and to the device of another domain: each with a plan of its own.
  const auto to_index = GENERATE(1U, 2U);
  for (const auto& on : backends()) {
    auto machine = demand(on.open(0));
    bench_device from(on, *machine, 0);
    bench_device to(on, *machine, to_index);
    for (const auto& [name, model, symbols] : zoo()) {
      CAPTURE(on.name, name, symbols, to_index);
      auto source = from.plan(model, symbols);
      auto target = to.plan(model, symbols);
      REQUIRE(source != target);
      auto inputs = random_inputs(*model, symbols, 5);
      const auto undisturbed = from.infer(*source, inputs);
      CHECK(same_bits(to.infer(*target, inputs), undisturbed));
      for (auto at : positions(*source)) {
        CAPTURE(at.layer, at.part);
        CHECK(same_bits(move_at(at, on, from, *source, to, *target, inputs), undisturbed));
      }
    }
  }
}

TEST_CASE("devices of one domain continue each other's requests in place", "[gpu]") {
  for (const auto& on : backends()) {
    auto machine = demand(on.open(0));
    bench_device one(on, *machine, 0);
    bench_device two(on, *machine, 1);
    for (const auto& [name, model, symbols] : zoo()) {
      CAPTURE(on.name, name, symbols);
      auto plan = one.plan(model, symbols);
      auto inputs = random_inputs(*model, symbols);
      const auto undisturbed = one.infer(*plan, inputs);
      auto data = one.bind(*plan, inputs);
      const auto all = positions(*plan);
      for (std::size_t i = 0; i + 1 < all.size(); ++i)
        REQUIRE_FALSE((i % 2 ? two : one).run(*plan, data, all[i], all[i + 1]).failure);
      CHECK(same_bits(two.outputs(*plan, data), undisturbed));
    }
  }
}

TEST_CASE("a plan's bits do not depend on which shape was planned first", "[gpu]") {
  for (const auto& on : backends()) {
    auto machine = demand(on.open(0));
    bench_device one(on, *machine, 0);
    bench_device other_domain(on, *machine, 2);
    for (const auto& model : {tiny_cnn(), tiny_resnet()}) {
      CAPTURE(on.name, model->name());
      auto small = one.plan(model, {1});
      auto large = one.plan(model, {4});
      auto large_first = other_domain.plan(model, {4});
      auto small_second = other_domain.plan(model, {1});
      for (auto [a, b] : {std::pair(small, small_second), std::pair(large, large_first)}) {
        auto inputs = random_inputs(*model, a->symbols());
        CHECK(same_bits(one.infer(*a, inputs), other_domain.infer(*b, inputs)));
      }
    }
  }
}

TEST_CASE("inputs bound from outside at the target are not copied", "[gpu]") {
  for (const auto& on : backends()) {
    CAPTURE(on.name);
    auto machine = demand(on.open(0));
    bench_device from(on, *machine, 0);
    bench_device to(on, *machine, 2);
    auto model = tiny_cnn();
    auto source = from.plan(model, {1});
    auto target = to.plan(model, {1});
    auto inputs = random_inputs(*model, {1});
    auto before = host_inputs(inputs); // not begun: it holds no block yet
    auto copier = demand(to.home().open_copy_engine());
    auto staged = to.bind(*target);
    CHECK(demand(copier->copy({source.get(), &before}, {target.get(), &staged}, {0, 0}, nullptr)) == inputs[0].bytes());
    auto after = to.bind(*target, inputs);
    if (on.reads_host_inputs)
      CHECK(demand(copier->copy({source.get(), &before}, {target.get(), &after}, {0, 0}, nullptr)) == 0);
    for (auto* data : {&after, &staged}) {
      REQUIRE_FALSE(to.run(*target, *data, {0, 0}, target->profile().end()).failure);
      CHECK(same_bits(to.outputs(*target, *data), from.infer(*source, inputs)));
    }
  }
}

TEST_CASE("a cancelled copy says so", "[gpu]") {
  for (const auto& on : backends()) {
    CAPTURE(on.name);
    auto machine = demand(on.open(0));
    bench_device device(on, *machine, 0);
    auto model = tiny_resnet();
    auto plan = device.plan(model, {1});
    auto before = device.bind(*plan, random_inputs(*model, {1}));
    auto after = device.bind(*plan);
    auto copier = demand(device.home().open_copy_engine());
    std::atomic<bool> cancel{true};
    auto copied = copier->copy({plan.get(), &before}, {plan.get(), &after}, {0, 0}, &cancel);
    REQUIRE_FALSE(copied);
    CHECK(copied.error().code == errc::cancelled);
  }
}

TEST_CASE("devices run one plan at the same time with the same bits", "[gpu][threads]") {
  constexpr int rounds = 20;
  for (const auto& on : backends()) {
    auto machine = demand(on.open(0));
    for (const auto& [name, model, symbols] : zoo()) {
      CAPTURE(on.name, name, symbols);
      std::shared_ptr<const gpu::plan> plan;
      std::vector<metadata::tensor> wanted;
      const auto inputs = random_inputs(*model, symbols);
      // Catch's assertions belong to one thread: the others count.
      std::atomic<int> wrong{0};
      std::thread([&, &model = model, &symbols = symbols] { // named anew: Clang 14 captures no structured bindings
        bench_device device(on, *machine, 0);
        plan = device.plan(model, symbols);
        wanted = device.infer(*plan, inputs);
      })
          .join();
      auto work = [&](std::uint32_t index) {
        bench_device device(on, *machine, index);
        for (int i = 0; i < rounds; ++i)
          wrong += !same_bits(device.infer(*plan, inputs), wanted);
      };
      std::thread one(work, 0);
      std::thread two(work, 1);
      // Meanwhile a plan of the same weights is built.
      std::thread builder([&, &model = model, &symbols = symbols] {
        bench_device device(on, *machine, 0);
        auto other = symbols;
        other[0] += 1;
        wrong += device.plan(model, other) == nullptr;
      });
      one.join();
      two.join();
      builder.join();
      CHECK(wrong == 0);
    }
  }
}
