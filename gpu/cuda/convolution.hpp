#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "gpu/cuda/handle.hpp"
#include "gpu/cuda/layer_builder.hpp"

/// Convolutions by cuDNN: their descriptions and algorithms.
namespace baton::gpu::cuda {

/// A convolution as cuDNN describes it: even pads.
struct conv_problem {
  extents source;
  extents weights; ///< [K, C/G, R, S]
  extents target;
  std::int64_t groups = 1;
  std::array<std::int64_t, 2> pads{};
  std::array<std::int64_t, 2> strides{};
  std::array<std::int64_t, 2> dilations{};
};

/// A way to convolve.
struct conv_algorithm {
  cudnnConvolutionFwdAlgo_t how = CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM;
  cudnnMathType_t math = CUDNN_FMA_MATH; ///< float32; with CUDNN_DEFAULT_MATH the library may use TF32
  std::size_t workspace = 0;             ///< bytes
};

/// Descriptors of one convolution, to be run by one algorithm. Immutable once made.
struct convolution {
  tensor_descriptor source;
  tensor_descriptor target;
  tensor_descriptor bias;
  filter_descriptor weights;
  convolution_descriptor how;
  activation_descriptor act; ///< relu or none
  conv_algorithm algorithm;
  place workspace;

  /// Throws `failure`; `bad_model` if the algorithm cannot run it.
  convolution(layer_builder& builder, const conv_problem& p, bool relu, const conv_algorithm& by);

  /// Whether the library's call with bias and activation takes this algorithm: tried once, in memory of its own.
  bool runs_fused(layer_builder& builder, const conv_problem& p) const;
};

/// The library's algorithms that might run a convolution in the promised precision.
std::vector<conv_algorithm> conv_algorithms(precision multiplies);

} // namespace baton::gpu::cuda
