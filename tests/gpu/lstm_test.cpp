#include <catch2/catch.hpp>

#include "tests/conformance/backends.hpp"
#include "tests/support/reference.hpp"

/// An LSTM of several panels, long enough that its input is multiplied in several groups.
using namespace baton;
using namespace baton::testing;

namespace {

constexpr std::int64_t steps = 70;

/// With all that it writes. 80 units at a batch of 3 are work for more than one thread.
model_ptr long_lstm(metadata::recurrent_direction direction) {
  model_builder b("long_lstm", 11);
  const auto n = b.symbol("N");
  for (const auto v : b.lstm(b.input("x", {steps, n, 9}), {.hidden = 80, .direction = direction}))
    b.output(v);
  return b.build();
}

backend of(const std::string& devices) {
  return {.name = devices, .open = [devices](std::uint64_t limit) {
            return gpu::open_machine(demand(gpu::parse_devices(devices)),
                                     {.memory_limit = limit, .pin_threads = false});
          }};
}

} // namespace

TEST_CASE("an LSTM of several groups of steps has the same bits wherever a request is cut", "[gpu]") {
  const auto direction = GENERATE(metadata::recurrent_direction::forward, metadata::recurrent_direction::bidirectional);
  const std::int64_t batch = GENERATE(1, 3);
  const auto on = of("cpu:2");
  auto machine = demand(on.open(0));
  bench_device one(on, *machine, 0);
  bench_device two(on, *machine, 1);
  const auto model = long_lstm(direction);
  const auto plan = one.plan(model, {batch});
  const auto inputs = random_inputs(*model, {batch}, 5);
  const auto whole = one.infer(*plan, inputs);
  const auto wanted = reference_run(*model, {batch}, inputs);
  for (std::size_t i = 0; i < whole.size(); ++i)
    CHECK(relative_difference(whole[i], wanted[i]) <= 1e-5);
  const auto end = plan->profile().end();
  for (const std::uint32_t parts : {1U, 7U, 20U, 64U}) {
    CAPTURE(batch, parts);
    auto data = one.bind(*plan, inputs);
    auto* on_turn = &one;
    for (metadata::position at{0, 0}; at < end; on_turn = on_turn == &one ? &two : &one) {
      const auto all = plan->profile().parts[at.layer];
      const auto next =
          at.part + parts < all ? metadata::position{at.layer, at.part + parts} : metadata::position{at.layer + 1, 0};
      REQUIRE_FALSE(on_turn->run(*plan, data, at, next).failure);
      at = next;
    }
    CHECK(same_bits(one.outputs(*plan, data), whole));
  }
}

TEST_CASE("an LSTM has the same bits on any number of threads", "[gpu]") {
  const auto model = long_lstm(metadata::recurrent_direction::bidirectional);
  const auto inputs = random_inputs(*model, {3}, 5);
  std::vector<metadata::tensor> alone;
  for (const char* devices : {"cpu:1", "cpu:1x2", "cpu:1x3", "cpu:1x8"}) {
    CAPTURE(devices);
    const auto on = of(devices);
    auto machine = demand(on.open(0));
    bench_device device(on, *machine, 0);
    const auto result = device.infer(*device.plan(model, {3}), inputs);
    if (alone.empty())
      alone = result;
    CHECK(same_bits(result, alone));
  }
}
