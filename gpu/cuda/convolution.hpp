#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "gpu/cuda/handle.hpp"
#include "gpu/cuda/layer_builder.hpp"

/// Convolutions by cuDNN: their descriptions, and the choice among the library's algorithms.
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

/// Descriptors of one convolution and how it is run. Immutable once made.
struct convolution {
  tensor_descriptor source;
  tensor_descriptor target;
  tensor_descriptor bias;
  filter_descriptor weights;
  convolution_descriptor how;
  activation_descriptor act; ///< relu or none
  conv_algorithm algorithm;
  place workspace;

  /// Chooses the algorithm: by a measured search, where none is known for this card, library version and problem.
  /// Throws `failure`.
  convolution(layer_builder& builder, const conv_problem& p, bool relu);
};

} // namespace baton::gpu::cuda
