#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "gpu/cpu/convolution.hpp"
#include "gpu/cpu/winograd.hpp"

/// The kernels that there are for convolutions: oneDNN's and ours.
namespace baton::gpu::cpu {

/// One of the ways to compute a convolution.
struct conv_kernel {
  std::string name; ///< "direct", one of oneDNN's implementations ("jit_wino_4x3:avx512_core"), or "winograd_4x4"
  std::variant<convolution::description, winograd> how;
  layout source;
  layout weights;
  layout target;
  std::size_t scratch_bytes = 0;

  conv_kernel(std::string name_, const convolution::description& by_library);
  conv_kernel(std::string name_, const winograd& own, const layout& source_, const layout& target_);
};

/// Goes up with each change that adds a kernel of ours or makes one faster: what was found without it counts no more.
inline constexpr int own_kernels_version = 1;

/// What needs no measurement; see `with_weights_of_one`.
conv_kernel direct_kernel(const convolution& c);

/// Those worth a try beside the direct one: other implementations, other layouts of the pictures, if not `exact`
/// Winograd's, the library's and ours, and of what is not in float32 all those that are ("f32/..."). They run on
/// `cores`.
std::vector<conv_kernel> other_kernels(const convolution& c, const conv_kernel& direct, bool exact,
                                       std::uint32_t cores);

/// Kernels that do not transform, for weights that lie so; the reference is none.
std::vector<conv_kernel> kernels_for(const convolution& c, const layout& weights);

/// Whether it transforms the weights to larger ones.
bool is_winograd(const conv_kernel& k);
/// Whether it wants larger weights than the convolution's own kernels: transformed, or not narrowed.
bool wants_larger_weights(const conv_kernel& k, const convolution& c);
/// What computes it: "brgconv:avx512_core" for a direct kernel.
std::string implementation(const conv_kernel& k);

/// The layout in which `write_weights` writes: plain, or, for a kernel of ours, its own.
layout written_weights(const conv_kernel& k, const convolution& c);
void write_weights(const layer_view& of, const convolution& c, const conv_kernel& k, std::span<float> to);

} // namespace baton::gpu::cpu
