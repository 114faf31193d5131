#pragma once

#include <cstdint>

#include "gpu/layer_view.hpp"
#include "metadata/layer.hpp"

/// Layers that only copy elements, as boxes: the same for every backend.
namespace baton::gpu {

/// A box of elements to be copied: its extents, and how far one step along each axis goes on either side. In elements;
/// steps in the source may be 0 (repeat) or negative.
struct box {
  extents shape;
  extents from_strides;
  extents to_strides;
  std::int64_t from_offset = 0;
  std::int64_t to_offset = 0;
};

/// One operand of a concat, which lies `start` elements along the axis behind the output's beginning.
box concat_box(const layer_view& of, const metadata::concat_layer& a, std::size_t operand, std::int64_t start);
/// Throws `failure` where the range lies outside of the operand.
box slice_box(const layer_view& of, const metadata::slice_layer& a);
box expand_box(const layer_view& of);

} // namespace baton::gpu
