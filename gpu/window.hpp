#pragma once

#include <array>
#include <cstdint>

#include "gpu/layer_view.hpp"
#include "metadata/layer.hpp"

namespace baton::gpu {

/// Pads of a window over H and W at one shape.
struct window_pads {
  extents before;
  extents after;
};

/// The pads as given, or those that `same` stands for. `in` and `out` are [N, C, H, W].
window_pads pads_of(const std::array<std::int64_t, 4>& given, metadata::same_padding same,
                    const std::array<std::int64_t, 2>& kernel, const std::array<std::int64_t, 2>& strides,
                    const std::array<std::int64_t, 2>& dilations, const extents& in, const extents& out);

} // namespace baton::gpu
