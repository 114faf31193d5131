#pragma once

#include <cstddef>
#include <vector>

#include "gpu/layer_view.hpp"
#include "metadata/layer.hpp"

namespace baton::gpu {

/// Operands of a convolution.
enum conv_role : std::size_t {
  conv_x,
  conv_w,
  conv_b,
  conv_residual,
  conv_scale,
  conv_shift,
  conv_mean,
  conv_variance
};

/// Per output channel: what the weights are multiplied with and what is added, with the batch norm folded in.
struct folded {
  std::vector<double> factor;
  std::vector<double> addend;
};

/// A bias that is no constant is not in it. Throws `failure`.
folded fold(const layer_view& of, const metadata::conv_layer& a, std::int64_t channels);

} // namespace baton::gpu
