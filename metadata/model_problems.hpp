#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "metadata/model.hpp"

namespace baton::metadata {

struct model_problem {
  error what;
  std::size_t times = 1; ///< how many nodes have it; `what` names the first
};

struct model_problems {
  std::vector<model_problem> list;
  std::size_t left_out = 0; ///< further ones, beyond `defaults::max_problems`
};

/// A model; or all problems of its file, at least one.
using checked_model = tl::expected<std::shared_ptr<const model>, model_problems>;

} // namespace baton::metadata
