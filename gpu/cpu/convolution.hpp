#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <dnnl.hpp>

#include "gpu/cpu/numbers.hpp"
#include "gpu/fold.hpp"
#include "gpu/window.hpp"

/// Convolutions, and how they are described to oneDNN.
namespace baton::gpu::cpu {

/// A convolution at one shape.
struct convolution {
  extents source;
  extents weights; ///< [K, C/G, R, S], or [G, K/G, C/G, R, S] with groups
  extents target;
  std::int64_t channels = 0; ///< K
  metadata::conv_layer a;
  window_pads pads;
  bool has_bias = false;
  bool has_residual = false;
  bool fixed_weights = false;   ///< constants, so laid out once
  number factors = number::f32; ///< pictures and weights
  number result = number::f32;

  /// Throws `failure` for what cannot be run.
  convolution(const layer_view& of, const metadata::conv_layer& a);
  /// In the plan's numbers, if its weights are constants.
  convolution(const layer_view& of, const metadata::conv_layer& a, const plan_numbers& numbers);

  /// The same of another number of pictures.
  convolution of_batch(std::int64_t pictures) const;
  /// Its first channels alone. @pre no groups
  convolution of_channels(std::int64_t count) const;
  /// The same all in float32.
  convolution of_float32() const;
  double flops() const;

  using operation = dnnl::convolution_forward::desc;
  using description = dnnl::convolution_forward::primitive_desc;
  operation describe(dnnl::algorithm by, std::int64_t batch, const layout& how_weights,
                     dnnl::memory::format_tag pictures = dnnl::memory::format_tag::any) const;
  /// The library's first kernel for it; `next_impl` gives others as long as `o` lives. Throws `dnnl::error` if there is
  /// none.
  description first_kernel(const operation& o) const;
  /// Operation, precision and shape, for the store.
  std::string text() const;
};

/// The weights with the batch norm folded in, plain. `of` is the layer that `c` was made of.
void write_weights(const layer_view& of, const convolution& c, std::span<float> to);

/// Throws `failure` if the library gives another kernel than the one described.
dnnl::convolution_forward primitive_of(const convolution::description& d);

} // namespace baton::gpu::cpu
