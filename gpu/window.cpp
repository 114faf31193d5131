#include "gpu/window.hpp"

#include <algorithm>

namespace baton::gpu {

window_pads pads_of(const std::array<std::int64_t, 4>& given, metadata::same_padding same,
                    const std::array<std::int64_t, 2>& kernel, const std::array<std::int64_t, 2>& strides,
                    const std::array<std::int64_t, 2>& dilations, const extents& in, const extents& out) {
  window_pads pads{{given[0], given[1]}, {given[2], given[3]}};
  if (same == metadata::same_padding::none)
    return pads;
  for (std::size_t i = 0; i < 2; ++i) {
    const auto reach = (kernel[i] - 1) * dilations[i] + 1;
    const auto total = std::max<std::int64_t>(0, (out[i + 2] - 1) * strides[i] + reach - in[i + 2]);
    const auto smaller = total / 2;
    pads.before[i] = same == metadata::same_padding::upper ? smaller : total - smaller;
    pads.after[i] = total - pads.before[i];
  }
  return pads;
}

} // namespace baton::gpu
