#include <algorithm>
#include <cstring>
#include <vector>

#include "tests/fake_cuda/cudnn_convolution.hpp"
#include "tests/fake_cuda/machine.hpp"

/// cuDNN's calls that convolve, and that search for a way to do it.
namespace fake_cuda::dnn {
namespace {

convolution_problem problem(const char* call, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w,
                            cudnnConvolutionDescriptor_t how, cudnnTensorDescriptor_t y) {
  return {*tensors().at(x, call), filters().at(w, call)->of, *tensors().at(y, call), *convolutions().at(how, call)};
}

/// What a call is given to work with, besides of its operands.
struct way {
  cudnnConvolutionFwdAlgo_t algorithm;
  void* workspace;
  std::size_t bytes;

  std::size_t needed() const { return workspace_of(algorithm); }
  range touched() const { return {workspace, needed(), true}; }
  /// On a stream's thread: leaves nothing that anyone could have wanted to keep.
  void spoil() const {
    if (needed() > 0)
      std::memset(translate(workspace), 0xFF, needed());
  }
};

cudnnStatus_t check(const convolution_problem& p, const way& by) {
  if (auto status = check(p); status != CUDNN_STATUS_SUCCESS)
    return status;
  if (auto status = check(p, by.algorithm); status != CUDNN_STATUS_SUCCESS)
    return status;
  return by.bytes < by.needed() || (by.needed() > 0 && !by.workspace) ? CUDNN_STATUS_BAD_PARAM : CUDNN_STATUS_SUCCESS;
}

/// What cuDNN documents of the fused call's bias, addend and activation.
cudnnStatus_t check_end(const convolution_problem& p, cudnnConvolutionFwdAlgo_t algorithm, const tensor& z,
                        const tensor& bias, const activation& act) {
  if (!act.set || bias.axes != 4 || !z.same_shape(p.y))
    return CUDNN_STATUS_BAD_PARAM;
  if (bias.dims[0] != 1 || bias.dims[1] != p.w.dims[0] || bias.dims[2] != 1 || bias.dims[3] != 1)
    return CUDNN_STATUS_BAD_PARAM;
  if (bias.strides[1] != 1 || z.strides != p.y.strides)
    return CUDNN_STATUS_NOT_SUPPORTED;
  const bool can =
      act.mode == CUDNN_ACTIVATION_RELU
      || (act.mode == CUDNN_ACTIVATION_IDENTITY && algorithm == CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM);
  return can && !the_machine().fused_refused && act.nan == CUDNN_NOT_PROPAGATE_NAN ? CUDNN_STATUS_SUCCESS
                                                                                   : CUDNN_STATUS_NOT_SUPPORTED;
}

} // namespace
} // namespace fake_cuda::dnn

using namespace fake_cuda;
using namespace fake_cuda::dnn;

extern "C" {

cudnnStatus_t cudnnGetConvolutionForwardWorkspaceSize(cudnnHandle_t handle, const cudnnTensorDescriptor_t x,
                                                      const cudnnFilterDescriptor_t w,
                                                      const cudnnConvolutionDescriptor_t how,
                                                      const cudnnTensorDescriptor_t y,
                                                      cudnnConvolutionFwdAlgo_t algorithm, std::size_t* bytes) {
  constexpr auto call = "cudnnGetConvolutionForwardWorkspaceSize";
  enter(call);
  (void)contexts().at(handle, call);
  const auto p = problem(call, x, w, how, y);
  if (auto status = check(p); status != CUDNN_STATUS_SUCCESS)
    return status;
  *bytes = workspace_of(algorithm);
  return check(p, algorithm);
}

cudnnStatus_t cudnnConvolutionForward(cudnnHandle_t handle, const void* alpha, const cudnnTensorDescriptor_t x_of,
                                      const void* x, const cudnnFilterDescriptor_t w_of, const void* w,
                                      const cudnnConvolutionDescriptor_t how, cudnnConvolutionFwdAlgo_t algorithm,
                                      void* workspace, std::size_t workspace_bytes, const void* beta,
                                      const cudnnTensorDescriptor_t y_of, void* y) {
  constexpr auto call = "cudnnConvolutionForward";
  const auto c = usable(handle, call);
  const auto p = problem(call, x_of, w_of, how, y_of);
  const way by{algorithm, workspace, workspace_bytes};
  if (auto status = state_of(c); status != CUDNN_STATUS_SUCCESS)
    return status;
  if (auto status = check(p, by); status != CUDNN_STATUS_SUCCESS)
    return status;
  const blend mix(alpha, beta);
  const auto source = reads(x, p.x.extent());
  const auto weights = reads(w, p.w.extent());
  const auto target = writes(y, p.y.extent());
  for (const auto& operand : {source, weights, by.touched()})
    must_not_overlap(operand, target, call);
  enqueue(
      c.stream, {source, weights, by.touched(), target},
      [=] {
        by.spoil();
        auto* to = floats(y);
        convolve(p, floats(x), floats(w), [&](std::size_t i, int, float sum) { mix.put(to[i], sum); });
      },
      call);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnConvolutionBiasActivationForward(
    cudnnHandle_t handle, const void* alpha1, const cudnnTensorDescriptor_t x_of, const void* x,
    const cudnnFilterDescriptor_t w_of, const void* w, const cudnnConvolutionDescriptor_t how,
    cudnnConvolutionFwdAlgo_t algorithm, void* workspace, std::size_t workspace_bytes, const void* alpha2,
    const cudnnTensorDescriptor_t z_of, const void* z, const cudnnTensorDescriptor_t bias_of, const void* bias,
    const cudnnActivationDescriptor_t act_of, const cudnnTensorDescriptor_t y_of, void* y) {
  constexpr auto call = "cudnnConvolutionBiasActivationForward";
  const auto c = usable(handle, call);
  const auto p = problem(call, x_of, w_of, how, y_of);
  const auto act = *activations().at(act_of, call);
  const auto bias_shape = *tensors().at(bias_of, call);
  const way by{algorithm, workspace, workspace_bytes};
  if (auto status = state_of(c); status != CUDNN_STATUS_SUCCESS)
    return status;
  if (auto status = check(p, by); status != CUDNN_STATUS_SUCCESS)
    return status;
  if (auto status = check_end(p, algorithm, *tensors().at(z_of, call), bias_shape, act); status != CUDNN_STATUS_SUCCESS)
    return status;
  if (!z || !bias)
    return CUDNN_STATUS_BAD_PARAM;
  const blend mix(alpha1, alpha2);
  const auto source = reads(x, p.x.extent());
  const auto weights = reads(w, p.w.extent());
  const auto addend = reads(z, mix.before != 0 ? p.y.extent() : 0);
  const auto biases = reads(bias, bias_shape.extent());
  const auto target = writes(y, p.y.extent());
  for (const auto& operand : {source, weights, biases, by.touched()})
    must_not_overlap(operand, target, call);
  enqueue(
      c.stream, {source, weights, addend, biases, by.touched(), target},
      [=] {
        by.spoil();
        auto* to = floats(y);
        const auto* plus = mix.before != 0 ? floats(z) : nullptr;
        const auto* b = floats(bias);
        convolve(p, floats(x), floats(w), [&](std::size_t i, int k, float sum) {
          const float value = mix.result * sum + (plus ? mix.before * plus[i] : 0.0F) + b[k];
          to[i] = act.mode == CUDNN_ACTIVATION_RELU && value < 0 ? 0.0F : value;
        });
      },
      call);
  return CUDNN_STATUS_SUCCESS;
}
}
