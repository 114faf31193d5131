#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/support/model_builder.hpp"

/// How the conformance suite holds layers against the reference.
namespace baton::testing {

enum class agreement : std::uint8_t {
  close, ///< float32 within the backend's tolerance, others bit for bit
  exact  ///< all bit for bit
};

/// Runs what `make` builds on every backend at each of `symbols`, and checks every output against the reference.
void check_agreement(const std::string& name, const std::function<void(model_builder&)>& make,
                     const std::vector<metadata::symbol_values>& symbols, agreement wanted = agreement::close);

/// Builds a model of one layer, or a few where how they meet is the point, over the batch symbol N; its output is what
/// `make` returns.
struct layer_case {
  const char* name;
  std::function<metadata::value_index(model_builder&, const metadata::dim& n)> make;
};

/// Two batch sizes, the larger first: the batch of one then uses the weights as the larger one had them laid out.
inline const std::vector<metadata::symbol_values> batches{{4}, {1}};

/// `check_agreement` at these.
void check(const layer_case& c, agreement wanted = agreement::close);

} // namespace baton::testing
