#include "tests/conformance/agreement.hpp"

#include <catch2/catch.hpp>

#include "tests/conformance/backends.hpp"
#include "tests/support/reference.hpp"

namespace baton::testing {

void check_agreement(const std::string& name, const std::function<void(model_builder&)>& make,
                     const std::vector<metadata::symbol_values>& symbols, agreement wanted) {
  model_builder builder(name, 7);
  make(builder);
  const auto model = builder.build();
  for (const auto& on : backends()) {
    auto machine = demand(on.open(0));
    bench_device device(on, *machine, 0);
    for (const auto& at : symbols) {
      CAPTURE(on.name, name, at);
      const auto inputs = random_inputs(*model, at, 3);
      const auto got = device.infer(*device.plan(model, at), inputs);
      const auto reference = reference_run(*model, at, inputs);
      REQUIRE(got.size() == reference.size());
      for (std::size_t i = 0; i < got.size(); ++i) {
        CAPTURE(i);
        if (wanted == agreement::close && got[i].type() == metadata::element_type::float32)
          CHECK(relative_difference(got[i], reference[i]) <= on.tolerance);
        else
          CHECK(same_bits({&got[i], 1}, {&reference[i], 1}));
      }
    }
  }
}

void check(const layer_case& c, agreement wanted) {
  check_agreement(
      c.name, [&](model_builder& b) { b.output(c.make(b, b.symbol("N"))); }, batches, wanted);
}

} // namespace baton::testing
