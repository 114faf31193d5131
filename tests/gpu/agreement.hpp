#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/support/model_builder.hpp"

namespace baton::testing {

/// Runs what `make` builds on every backend at each of `symbols`, and checks every output against the reference:
/// float32 within 1e-5, others bit for bit.
void check_agreement(const std::string& name, const std::function<void(model_builder&)>& make,
                     const std::vector<metadata::symbol_values>& symbols);

} // namespace baton::testing
