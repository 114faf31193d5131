#pragma once

#include <cstdint>
#include <vector>

#include "metadata/layer.hpp"

/// One function per layer kind; see reference.hpp.
namespace baton::testing {

/// A tensor of the reference: int64 values are held as doubles too.
struct array {
  std::vector<std::int64_t> shape;
  std::vector<double> data;

  array() = default;
  explicit array(std::vector<std::int64_t> extents, double fill = 0.0);
  std::int64_t extent(std::size_t axis) const { return shape[axis]; }
};

/// An operand; null where absent.
using operand_list = std::vector<const array*>;

/// The outputs by role. `out_shapes` are the model's shapes of the outputs (empty for absent ones).
std::vector<array> reference_layer(const metadata::layer_attributes& attributes, const operand_list& operands,
                                   const std::vector<std::vector<std::int64_t>>& out_shapes);

} // namespace baton::testing
