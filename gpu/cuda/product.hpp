#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "gpu/cuda/layer_builder.hpp"

/// Matrix products by cuBLASLt. All matrices are row-major.
namespace baton::gpu::cuda {

/// y [rows, columns] = alpha * x [rows, depth] * w [depth, columns], many times over.
struct product_shape {
  std::int64_t rows = 1;
  std::int64_t depth = 1;
  std::int64_t columns = 1;
  bool transposed_x = false; ///< x lies as [depth, rows]
  bool transposed_w = false; ///< w lies as [columns, depth]
  float alpha = 1.0F;
  bool accumulate = false; ///< adds to what y holds

  /// One product for each combination of these, from the outside in; steps in elements, 0 repeats an operand.
  struct batch_axis {
    std::int64_t count = 1;
    std::int64_t x_step = 0;
    std::int64_t w_step = 0;
    std::int64_t y_step = 0;
  };
  std::vector<batch_axis> batch;
};

/// What is done to the result on the way.
struct product_end {
  std::optional<place> bias; ///< [columns], constant: its address belongs to the description
  bool relu = false;
};

/// Adds the step that computes it to `b`, by the library's fastest algorithm. Throws `failure`.
void add_product(layer_builder& b, const product_shape& shape, const place& x, const place& w, const place& y,
                 const product_end& end = {});

} // namespace baton::gpu::cuda
