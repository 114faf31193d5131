#include "tests/conformance/moves.hpp"

#include <catch2/catch.hpp>

#include "tests/conformance/zoo.hpp"
#include "tests/support/reference.hpp"

namespace baton::testing {

std::vector<metadata::tensor> move_at(metadata::position at, const backend& on, bench_device& from,
                                      const gpu::plan& source, bench_device& to, const gpu::plan& target,
                                      const std::vector<metadata::tensor>& inputs) {
  auto copier = demand(to.home().open_copy_engine());
  auto before = from.bind(source, inputs);
  if (at != metadata::position{0, 0})
    REQUIRE_FALSE(from.run(source, before, {0, 0}, at).failure);
  auto after = to.bind(target);
  auto copied = demand(copier->copy({&source, &before}, {&target, &after}, at, nullptr));
  const auto live = static_cast<std::size_t>(source.of().live_bytes(at).bind(source.symbols()));
  CHECK(copied >= live * on.least_bytes / sizeof(float));
  before = {}; // the giver lets go
  if (at != target.profile().end())
    REQUIRE_FALSE(to.run(target, after, at, target.profile().end()).failure);
  return to.outputs(target, after);
}

void check_moves(const backend& on, bench_device& from, bench_device& to, double tolerance) {
  for (const auto& [name, model, symbols] : zoo()) {
    CAPTURE(name, symbols);
    const auto source = from.plan(model, symbols);
    const auto target = to.plan(model, symbols);
    const auto inputs = random_inputs(*model, symbols);
    const auto wanted = reference_run(*model, symbols, inputs);
    for (const auto at : positions(*source)) {
      CAPTURE(at.layer, at.part);
      const auto got = move_at(at, on, from, *source, to, *target, inputs);
      for (std::size_t i = 0; i < got.size(); ++i)
        CHECK(relative_difference(got[i], wanted[i]) <= tolerance);
    }
  }
}

} // namespace baton::testing
