#include "tests/fake_cuda/cudnn_convolution.hpp"

#include <algorithm>

#include "tests/fake_cuda/machine.hpp"

/// cuDNN's descriptors of convolutions, and what it says of algorithms.
namespace fake_cuda::dnn {
namespace {

constexpr std::size_t kilobyte = 1024;

/// The result's size along one axis; 0 if the window does not fit.
int result_size(int size, int window, int pad, int stride, int dilation) {
  const int reach = dilation * (window - 1) + 1;
  return size + 2 * pad < reach ? 0 : (size + 2 * pad - reach) / stride + 1;
}

bool simple_steps(const convolution& c) {
  return c.stride_h == 1 && c.stride_w == 1 && c.dilation_h == 1 && c.dilation_w == 1;
}

bool square_window(const tensor& w, int size) {
  return w.dims[2] == size && w.dims[3] == size;
}

bool fits_fourier(const convolution_problem& p) {
  constexpr int most = 256;
  return simple_steps(p.how) && p.w.dims[2] > p.how.pad_h && p.w.dims[3] > p.how.pad_w
         && p.x.dims[2] + 2 * p.how.pad_h <= most && p.x.dims[3] + 2 * p.how.pad_w <= most;
}

} // namespace

handles<cudnnConvolutionDescriptor_t, convolution>& convolutions() {
  static auto& all = *new handles<cudnnConvolutionDescriptor_t, convolution>(kind::convolution);
  return all;
}

std::optional<std::array<int, 4>> result_dims(const convolution& how, const tensor& x, const tensor& w) {
  if (!how.set || x.axes != 4 || w.axes != 4 || x.dims[1] != w.dims[1] * how.groups || w.dims[0] % how.groups != 0)
    return {};
  const std::array<int, 4> dims{x.dims[0], w.dims[0],
                                result_size(x.dims[2], w.dims[2], how.pad_h, how.stride_h, how.dilation_h),
                                result_size(x.dims[3], w.dims[3], how.pad_w, how.stride_w, how.dilation_w)};
  return dims[2] > 0 && dims[3] > 0 ? std::optional(dims) : std::nullopt;
}

cudnnStatus_t check(const convolution_problem& p) {
  const auto dims = result_dims(p.how, p.x, p.w);
  if (!dims || p.y.axes != 4 || !std::equal(dims->begin(), dims->end(), p.y.dims.begin()))
    return CUDNN_STATUS_BAD_PARAM;
  if (!p.x.is_image() || !p.w.is_image() || !p.y.is_image())
    return CUDNN_STATUS_NOT_SUPPORTED;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t check(const convolution_problem& p, cudnnConvolutionFwdAlgo_t algorithm) {
  bool can = false;
  switch (algorithm) {
  case CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM:
  case CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM: can = true; break;
  case CUDNN_CONVOLUTION_FWD_ALGO_GEMM: can = p.how.dilation_h == 1 && p.how.dilation_w == 1; break;
  case CUDNN_CONVOLUTION_FWD_ALGO_FFT: can = fits_fourier(p); break;
  case CUDNN_CONVOLUTION_FWD_ALGO_FFT_TILING:
    can = simple_steps(p.how) && p.w.dims[2] > p.how.pad_h && p.w.dims[3] > p.how.pad_w && p.w.dims[2] <= 32
          && p.w.dims[3] <= 32;
    break;
  case CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD: can = simple_steps(p.how) && square_window(p.w, 3); break;
  case CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD_NONFUSED:
    can = simple_steps(p.how) && (square_window(p.w, 3) || square_window(p.w, 5));
    break;
  default: break; // DIRECT is an enumerator only
  }
  can = can && the_machine().refused_rows != p.w.dims[2];
  return can ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_NOT_SUPPORTED;
}

std::size_t workspace_of(cudnnConvolutionFwdAlgo_t algorithm) {
  switch (algorithm) {
  case CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM: return kilobyte;
  case CUDNN_CONVOLUTION_FWD_ALGO_GEMM: return 16 * kilobyte;
  case CUDNN_CONVOLUTION_FWD_ALGO_FFT: return 64 * kilobyte;
  case CUDNN_CONVOLUTION_FWD_ALGO_FFT_TILING: return 48 * kilobyte;
  case CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD: return 8 * kilobyte;
  case CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD_NONFUSED: return 32 * kilobyte;
  default: return 0;
  }
}

} // namespace fake_cuda::dnn

using namespace fake_cuda;
using namespace fake_cuda::dnn;

extern "C" {

cudnnStatus_t cudnnCreateConvolutionDescriptor(cudnnConvolutionDescriptor_t* result) {
  return create(convolutions(), result, "cudnnCreateConvolutionDescriptor");
}

cudnnStatus_t cudnnDestroyConvolutionDescriptor(cudnnConvolutionDescriptor_t handle) {
  return destroy(convolutions(), handle, "cudnnDestroyConvolutionDescriptor");
}

cudnnStatus_t cudnnSetConvolution2dDescriptor(cudnnConvolutionDescriptor_t handle, int pad_h, int pad_w, int stride_h,
                                              int stride_w, int dilation_h, int dilation_w, cudnnConvolutionMode_t mode,
                                              cudnnDataType_t type) {
  enter("cudnnSetConvolution2dDescriptor");
  const auto c = convolutions().at(handle, "cudnnSetConvolution2dDescriptor");
  if (pad_h < 0 || pad_w < 0 || stride_h < 1 || stride_w < 1 || dilation_h < 1 || dilation_w < 1)
    return CUDNN_STATUS_BAD_PARAM;
  if (type != CUDNN_DATA_FLOAT)
    return CUDNN_STATUS_NOT_SUPPORTED;
  *c = {true, pad_h, pad_w, stride_h, stride_w, dilation_h, dilation_w, c->groups, mode == CUDNN_CONVOLUTION, c->math};
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetConvolutionGroupCount(cudnnConvolutionDescriptor_t handle, int groups) {
  enter("cudnnSetConvolutionGroupCount");
  if (groups < 1)
    return CUDNN_STATUS_BAD_PARAM;
  convolutions().at(handle, "cudnnSetConvolutionGroupCount")->groups = groups;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetConvolutionMathType(cudnnConvolutionDescriptor_t handle, cudnnMathType_t math) {
  enter("cudnnSetConvolutionMathType");
  convolutions().at(handle, "cudnnSetConvolutionMathType")->math = math;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetConvolution2dForwardOutputDim(const cudnnConvolutionDescriptor_t handle,
                                                    const cudnnTensorDescriptor_t x, const cudnnFilterDescriptor_t w,
                                                    int* n, int* c, int* h, int* width) {
  constexpr auto call = "cudnnGetConvolution2dForwardOutputDim";
  enter(call);
  const auto dims = result_dims(*convolutions().at(handle, call), *tensors().at(x, call), filters().at(w, call)->of);
  if (!dims)
    return CUDNN_STATUS_BAD_PARAM;
  *n = (*dims)[0];
  *c = (*dims)[1];
  *h = (*dims)[2];
  *width = (*dims)[3];
  return CUDNN_STATUS_SUCCESS;
}
}
