#pragma once

#include "gpu/cuda/layer_builder.hpp"

namespace baton::gpu::cuda {

/// A box of elements to be copied: its extents, and how far one step along each axis goes on either side. In elements;
/// steps in the source may be 0 (repeat) or negative.
struct box {
  extents shape;
  extents from_strides;
  extents to_strides;
  std::int64_t from_offset = 0;
  std::int64_t to_offset = 0;
};

/// Adds a step that copies a box between places of values or constants, elements of 1, 2, 4 or 8 bytes.
void add_box(layer_builder& b, const place& from, const place& to, const box& what, std::size_t element_bytes);

} // namespace baton::gpu::cuda
