#pragma once

#include <functional>

#include <catch2/catch.hpp>

#include "tests/gpu/backends.hpp"
#include "tests/support/reference.hpp"

/// How the conformance suite checks one layer.
namespace baton::testing {

inline constexpr double tolerance = 1e-5;

/// Builds a model of one layer, or a few where how they meet is the point, over the batch symbol N.
struct layer_case {
  const char* name;
  std::function<metadata::value_index(model_builder&, const metadata::dim& n)> make;
};

inline metadata::value_index image(model_builder& b, const metadata::dim& n, std::int64_t c, std::int64_t h,
                                   std::int64_t w) {
  return b.input("x", {n, c, h, w});
}

/// Runs it on every backend at two batch sizes, and compares with the reference.
inline void check(const layer_case& c) {
  for (const auto& on : backends()) {
    auto machine = demand(on.open(0));
    bench_device device(on, *machine, 0);
    model_builder builder(c.name, 7);
    auto n = builder.symbol("N");
    auto y = c.make(builder, n);
    auto model = builder.output(y).build();
    // 4 first: the batch of one then uses the weights as the larger one had them laid out.
    for (std::int64_t batch : {4, 1}) {
      CAPTURE(on.name, c.name, batch);
      auto inputs = random_inputs(*model, {batch}, 3);
      auto plan = device.plan(model, {batch});
      auto got = device.infer(*plan, inputs);
      auto wanted = reference_run(*model, {batch}, inputs);
      REQUIRE(got.size() == 1);
      if (got[0].type() == metadata::element_type::float32)
        CHECK(relative_difference(got[0], wanted[0]) <= tolerance);
      else
        CHECK(same_bits(got, wanted));
    }
  }
}

} // namespace baton::testing
