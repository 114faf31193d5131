#pragma once

#include <vector>

#include "metadata/model.hpp"

namespace baton::metadata {

/// Per symbol of the model: whether it is the batch axis of an input.
std::vector<bool> batch_symbols(const model& m);

} // namespace baton::metadata
