#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "metadata/error.hpp"
#include "metadata/tensor.hpp"

namespace baton::apps::http {

/// The best of an output, as the classification extension gives them: a tensor of BYTES.
struct classes {
  std::vector<std::int64_t> shape; ///< [rows, k], or [k] without a batch axis
  std::vector<std::string> texts;  ///< "value:index", or "value:index:label"
};

/// The `k` largest of each row (of all elements if not `batched`), largest first, of equals the first; NaN counts as
/// least. Errors: `bad_request` for BOOL, saying so with the output's `name`.
/// Source: "Classification Extension" of Triton's protocol documentation.
expected<classes> classify(const metadata::tensor& t, const std::string& name, std::size_t k, bool batched,
                           std::span<const std::string> labels);

} // namespace baton::apps::http
