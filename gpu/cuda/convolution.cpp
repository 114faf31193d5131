#include "gpu/cuda/convolution.hpp"

#include <algorithm>
#include <vector>

#include "gpu/cuda/defaults.hpp"

namespace baton::gpu::cuda {
namespace {

int number(std::int64_t i) {
  return static_cast<int>(i);
}

std::size_t bytes_of(const extents& shape) {
  return static_cast<std::size_t>(elements_of(shape)) * sizeof(float);
}

void describe(tensor_descriptor& d, const extents& shape) {
  check(cudnnCreateTensorDescriptor(d.put()), "cudnnCreateTensorDescriptor");
  check(cudnnSetTensor4dDescriptor(d.get(), CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, number(shape[0]), number(shape[1]),
                                   number(shape[2]), number(shape[3])),
        "cudnnSetTensor4dDescriptor");
}

void describe(convolution& c, const conv_problem& p, bool relu) {
  describe(c.source, p.source);
  describe(c.target, p.target);
  describe(c.bias, {1, p.target[1], 1, 1});
  check(cudnnCreateFilterDescriptor(c.weights.put()), "cudnnCreateFilterDescriptor");
  check(cudnnSetFilter4dDescriptor(c.weights.get(), CUDNN_DATA_FLOAT, CUDNN_TENSOR_NCHW, number(p.weights[0]),
                                   number(p.weights[1]), number(p.weights[2]), number(p.weights[3])),
        "cudnnSetFilter4dDescriptor");
  check(cudnnCreateConvolutionDescriptor(c.how.put()), "cudnnCreateConvolutionDescriptor");
  check(cudnnSetConvolution2dDescriptor(c.how.get(), number(p.pads[0]), number(p.pads[1]), number(p.strides[0]),
                                        number(p.strides[1]), number(p.dilations[0]), number(p.dilations[1]),
                                        CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT),
        "cudnnSetConvolution2dDescriptor");
  check(cudnnSetConvolutionGroupCount(c.how.get(), number(p.groups)), "cudnnSetConvolutionGroupCount");
  check(cudnnCreateActivationDescriptor(c.act.put()), "cudnnCreateActivationDescriptor");
  check(cudnnSetActivationDescriptor(c.act.get(), relu ? CUDNN_ACTIVATION_RELU : CUDNN_ACTIVATION_IDENTITY,
                                     CUDNN_NOT_PROPAGATE_NAN, 0.0),
        "cudnnSetActivationDescriptor");
}

} // namespace

convolution::convolution(layer_builder& builder, const conv_problem& p, bool relu, const conv_algorithm& by)
    : algorithm(by) {
  describe(*this, p, relu);
  check(cudnnSetConvolutionMathType(how.get(), by.math), "cudnnSetConvolutionMathType");
  if (cudnnGetConvolutionForwardWorkspaceSize(builder.on().dnn(), source.get(), weights.get(), how.get(), target.get(),
                                              by.how, &algorithm.workspace)
          != CUDNN_STATUS_SUCCESS
      || algorithm.workspace > defaults::convolution_workspace)
    builder.unsupported("cuDNN has no algorithm for this convolution");
  workspace = builder.scratch(std::max<std::size_t>(algorithm.workspace, 1));
}

/// What needs no workspace comes first.
std::vector<conv_algorithm> conv_algorithms(precision multiplies) {
  std::vector<conv_algorithm> result;
  const auto maths = multiplies == precision::tf32
                         ? std::vector{CUDNN_DEFAULT_MATH, CUDNN_TENSOR_OP_MATH, CUDNN_FMA_MATH}
                         : std::vector{CUDNN_FMA_MATH};
  for (const auto how : {CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM,
                         CUDNN_CONVOLUTION_FWD_ALGO_GEMM, CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD,
                         CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD_NONFUSED, CUDNN_CONVOLUTION_FWD_ALGO_FFT_TILING,
                         CUDNN_CONVOLUTION_FWD_ALGO_FFT})
    for (const auto math : maths)
      result.push_back({how, math});
  return result;
}

bool convolution::runs_fused(layer_builder& builder, const conv_problem& p) const try {
  const auto from = builder.temporary(bytes_of(p.source));
  const auto filters = builder.temporary(bytes_of(p.weights));
  const auto to = builder.temporary(bytes_of(p.target));
  const auto addend = builder.temporary(static_cast<std::size_t>(p.target[1]) * sizeof(float));
  const auto work = builder.temporary(std::max<std::size_t>(algorithm.workspace, 1));
  for (const auto* memory : {&from, &filters, &to, &addend})
    check(cudaMemsetAsync(memory->data(), 0, memory->bytes(), builder.on().stream()), "cudaMemsetAsync");
  constexpr float one = 1;
  constexpr float zero = 0;
  const auto result = cudnnConvolutionBiasActivationForward(
      builder.on().dnn(), &one, source.get(), from.data(), weights.get(), filters.data(), how.get(), algorithm.how,
      work.data(), algorithm.workspace, &zero, target.get(), to.data(), bias.get(), addend.data(), act.get(),
      target.get(), to.data());
  builder.on().drain();
  if (is_not_supported(result))
    return false;
  check(result, "cudnnConvolutionBiasActivationForward");
  return true;
} catch (const failure& f) {
  if (f.why().code == errc::out_of_memory)
    return true; // as documented; there is no room to try
  throw;
}

} // namespace baton::gpu::cuda
