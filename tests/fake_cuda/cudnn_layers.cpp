#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/fake_cuda/cudnn.hpp"

/// cuDNN's pooling, local response normalisation, sums of tensors and activations.
namespace fake_cuda::dnn {
namespace {

struct pooling {
  bool set = false;
  cudnnPoolingMode_t mode = CUDNN_POOLING_MAX;
  bool propagates_nan = false;
  int window_h = 1, window_w = 1;
  int pad_h = 0, pad_w = 0;
  int stride_h = 1, stride_w = 1;

  bool is_max() const { return mode == CUDNN_POOLING_MAX || mode == CUDNN_POOLING_MAX_DETERMINISTIC; }
};

struct normalisation {
  bool set = false;
  unsigned n = 5;
  double alpha = 1e-4;
  double beta = 0.75;
  double k = 2;
};

handles<cudnnPoolingDescriptor_t, pooling>& poolings() {
  static auto& all = *new handles<cudnnPoolingDescriptor_t, pooling>(kind::pooling);
  return all;
}
handles<cudnnLRNDescriptor_t, normalisation>& normalisations() {
  static auto& all = *new handles<cudnnLRNDescriptor_t, normalisation>(kind::lrn);
  return all;
}

template <class F>
void each_element(const tensor& t, F f) {
  for (int n = 0; n < t.dims[0]; ++n)
    for (int c = 0; c < t.dims[1]; ++c)
      for (int h = 0; h < t.dims[2]; ++h)
        for (int w = 0; w < t.dims[3]; ++w)
          f(n, c, h, w);
}

/// The window's pixels inside of the image.
struct span_1d {
  span_1d(int at, int window, int pad, int stride, int size)
      : begin(std::max(0, at * stride - pad)), end(std::min(size, at * stride - pad + window)) {}
  int begin;
  int end;
};

float pooled(const pooling& p, const tensor& t, const float* x, int n, int c, int i, int j) {
  const span_1d rows(i, p.window_h, p.pad_h, p.stride_h, t.dims[2]);
  const span_1d columns(j, p.window_w, p.pad_w, p.stride_w, t.dims[3]);
  float sum = 0;
  float most = -std::numeric_limits<float>::infinity();
  for (int h = rows.begin; h < rows.end; ++h)
    for (int w = columns.begin; w < columns.end; ++w) {
      const float v = x[t.at(n, c, h, w)];
      sum += v;
      if (v > most || (p.propagates_nan && std::isnan(v)))
        most = v;
    }
  if (p.is_max())
    return most;
  const int count = p.mode == CUDNN_POOLING_AVERAGE_COUNT_INCLUDE_PADDING
                        ? p.window_h * p.window_w
                        : (rows.end - rows.begin) * (columns.end - columns.begin);
  return sum / static_cast<float>(count);
}

std::array<int, 4> pooled_dims(const pooling& p, const tensor& x) {
  return {x.dims[0], x.dims[1], 1 + (x.dims[2] + 2 * p.pad_h - p.window_h) / p.stride_h,
          1 + (x.dims[3] + 2 * p.pad_w - p.window_w) / p.stride_w};
}

float normalised(const normalisation& l, const tensor& t, const float* x, int n, int c, int h, int w) {
  const int window = static_cast<int>(l.n);
  const int behind = (window - 1) / 2;
  float sum = 0;
  for (int i = std::max(0, c - behind); i < std::min(t.dims[1], c - behind + window); ++i)
    sum += x[t.at(n, i, h, w)] * x[t.at(n, i, h, w)];
  const auto base = static_cast<float>(l.k) + static_cast<float>(l.alpha) / static_cast<float>(window) * sum;
  return x[t.at(n, c, h, w)] / std::pow(base, static_cast<float>(l.beta));
}

float activated(const activation& a, float v) {
  const auto c = static_cast<float>(a.coefficient);
  switch (a.mode) {
  case CUDNN_ACTIVATION_SIGMOID: return 1 / (1 + std::exp(-v));
  case CUDNN_ACTIVATION_RELU: return v < 0 ? 0.0F : v;
  case CUDNN_ACTIVATION_TANH: return std::tanh(v);
  case CUDNN_ACTIVATION_CLIPPED_RELU: return v < 0 ? 0.0F : std::min(v, c);
  case CUDNN_ACTIVATION_ELU: return v < 0 ? c * std::expm1(v) : v;
  case CUDNN_ACTIVATION_SWISH: return v / (1 + std::exp(-c * v));
  default: return v;
  }
}

} // namespace
} // namespace fake_cuda::dnn

using namespace fake_cuda;
using namespace fake_cuda::dnn;

extern "C" {

// -- pooling ----------------------------------------------------------------------------------------------------------

cudnnStatus_t cudnnCreatePoolingDescriptor(cudnnPoolingDescriptor_t* result) {
  return create(poolings(), result, "cudnnCreatePoolingDescriptor");
}

cudnnStatus_t cudnnDestroyPoolingDescriptor(cudnnPoolingDescriptor_t handle) {
  return destroy(poolings(), handle, "cudnnDestroyPoolingDescriptor");
}

cudnnStatus_t cudnnSetPooling2dDescriptor(cudnnPoolingDescriptor_t handle, cudnnPoolingMode_t mode,
                                          cudnnNanPropagation_t nan, int window_h, int window_w, int pad_h, int pad_w,
                                          int stride_h, int stride_w) {
  enter("cudnnSetPooling2dDescriptor");
  const auto p = poolings().at(handle, "cudnnSetPooling2dDescriptor");
  if (window_h < 1 || window_w < 1 || stride_h < 1 || stride_w < 1 || pad_h < 0 || pad_w < 0 || pad_h >= window_h
      || pad_w >= window_w)
    return CUDNN_STATUS_BAD_PARAM;
  *p = {true, mode, nan == CUDNN_PROPAGATE_NAN, window_h, window_w, pad_h, pad_w, stride_h, stride_w};
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetPooling2dForwardOutputDim(const cudnnPoolingDescriptor_t handle,
                                                const cudnnTensorDescriptor_t x_of, int* n, int* c, int* h, int* w) {
  constexpr auto call = "cudnnGetPooling2dForwardOutputDim";
  enter(call);
  const auto p = poolings().at(handle, call);
  const auto x = tensors().at(x_of, call);
  if (!p->set || x->axes != 4)
    return CUDNN_STATUS_BAD_PARAM;
  const auto dims = pooled_dims(*p, *x);
  *n = dims[0];
  *c = dims[1];
  *h = dims[2];
  *w = dims[3];
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnPoolingForward(cudnnHandle_t handle, const cudnnPoolingDescriptor_t how, const void* alpha,
                                  const cudnnTensorDescriptor_t x_of, const void* x, const void* beta,
                                  const cudnnTensorDescriptor_t y_of, void* y) {
  constexpr auto call = "cudnnPoolingForward";
  const auto c = usable(handle, call);
  const auto p = *poolings().at(how, call);
  const auto from = *tensors().at(x_of, call);
  const auto to = *tensors().at(y_of, call);
  if (auto status = state_of(c); status != CUDNN_STATUS_SUCCESS)
    return status;
  if (!p.set || from.axes != 4 || to.axes != 4)
    return CUDNN_STATUS_BAD_PARAM;
  const auto dims = pooled_dims(p, from);
  if (!std::equal(dims.begin(), dims.end(), to.dims.begin()) || dims[2] < 1 || dims[3] < 1)
    return CUDNN_STATUS_BAD_PARAM;
  if (from.strides[3] != 1 || to.strides[3] != 1)
    return CUDNN_STATUS_NOT_SUPPORTED;
  const blend mix(alpha, beta);
  must_not_overlap(reads(x, from.extent()), writes(y, to.extent()), call);
  enqueue(
      c.stream, {reads(x, from.extent()), writes(y, to.extent())},
      [=] {
        const auto* source = floats(x);
        auto* target = floats(y);
        each_element(to, [&](int n, int k, int i, int j) {
          mix.put(target[to.at(n, k, i, j)], pooled(p, from, source, n, k, i, j));
        });
      },
      call);
  return CUDNN_STATUS_SUCCESS;
}

// -- local response normalisation -------------------------------------------------------------------------------------

cudnnStatus_t cudnnCreateLRNDescriptor(cudnnLRNDescriptor_t* result) {
  return create(normalisations(), result, "cudnnCreateLRNDescriptor");
}

cudnnStatus_t cudnnDestroyLRNDescriptor(cudnnLRNDescriptor_t handle) {
  return destroy(normalisations(), handle, "cudnnDestroyLRNDescriptor");
}

cudnnStatus_t cudnnSetLRNDescriptor(cudnnLRNDescriptor_t handle, unsigned n, double alpha, double beta, double k) {
  enter("cudnnSetLRNDescriptor");
  const auto l = normalisations().at(handle, "cudnnSetLRNDescriptor");
  if (n < CUDNN_LRN_MIN_N || n > CUDNN_LRN_MAX_N || k < CUDNN_LRN_MIN_K || beta < CUDNN_LRN_MIN_BETA)
    return CUDNN_STATUS_BAD_PARAM;
  *l = {true, n, alpha, beta, k};
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnLRNCrossChannelForward(cudnnHandle_t handle, cudnnLRNDescriptor_t how, cudnnLRNMode_t mode,
                                          const void* alpha, const cudnnTensorDescriptor_t x_of, const void* x,
                                          const void* beta, const cudnnTensorDescriptor_t y_of, void* y) {
  constexpr auto call = "cudnnLRNCrossChannelForward";
  const auto c = usable(handle, call);
  const auto l = *normalisations().at(how, call);
  const auto shape = *tensors().at(x_of, call);
  const auto to = *tensors().at(y_of, call);
  if (auto status = state_of(c); status != CUDNN_STATUS_SUCCESS)
    return status;
  if (!l.set || mode != CUDNN_LRN_CROSS_CHANNEL_DIM1 || !shape.same_shape(to) || shape.strides != to.strides)
    return CUDNN_STATUS_BAD_PARAM;
  if (!shape.is_image())
    return CUDNN_STATUS_NOT_SUPPORTED;
  const blend mix(alpha, beta);
  must_not_overlap(reads(x, shape.extent()), writes(y, shape.extent()), call);
  enqueue(
      c.stream, {reads(x, shape.extent()), writes(y, shape.extent())},
      [=] {
        const auto* source = floats(x);
        auto* target = floats(y);
        each_element(shape, [&](int n, int k, int i, int j) {
          mix.put(target[shape.at(n, k, i, j)], normalised(l, shape, source, n, k, i, j));
        });
      },
      call);
  return CUDNN_STATUS_SUCCESS;
}

// -- sums and activations ---------------------------------------------------------------------------------------------

cudnnStatus_t cudnnAddTensor(cudnnHandle_t handle, const void* alpha, const cudnnTensorDescriptor_t a_of, const void* a,
                             const void* beta, const cudnnTensorDescriptor_t c_of, void* sum) {
  constexpr auto call = "cudnnAddTensor";
  const auto c = usable(handle, call);
  const auto addend = *tensors().at(a_of, call);
  const auto to = *tensors().at(c_of, call);
  if (auto status = state_of(c); status != CUDNN_STATUS_SUCCESS)
    return status;
  if (addend.axes != to.axes || addend.axes == 0)
    return CUDNN_STATUS_BAD_PARAM;
  for (std::size_t i = 0; i < static_cast<std::size_t>(to.axes); ++i)
    if (addend.dims[i] != to.dims[i] && addend.dims[i] != 1)
      return CUDNN_STATUS_BAD_PARAM;
  if (!to.is_image())
    return CUDNN_STATUS_NOT_SUPPORTED;
  const blend mix(alpha, beta);
  must_not_overlap(reads(a, addend.extent()), writes(sum, to.extent()), call);
  enqueue(
      c.stream, {reads(a, addend.extent()), writes(sum, to.extent())},
      [=] {
        const auto* more = floats(a);
        auto* target = floats(sum);
        auto spread = [&](std::size_t axis, int i) { return addend.dims[axis] == 1 ? 0 : i; };
        each_element(to, [&](int n, int k, int i, int j) {
          mix.put(target[to.at(n, k, i, j)], more[addend.at(spread(0, n), spread(1, k), spread(2, i), spread(3, j))]);
        });
      },
      call);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnActivationForward(cudnnHandle_t handle, cudnnActivationDescriptor_t how, const void* alpha,
                                     const cudnnTensorDescriptor_t x_of, const void* x, const void* beta,
                                     const cudnnTensorDescriptor_t y_of, void* y) {
  constexpr auto call = "cudnnActivationForward";
  const auto c = usable(handle, call);
  const auto a = *activations().at(how, call);
  const auto from = *tensors().at(x_of, call);
  const auto to = *tensors().at(y_of, call);
  if (auto status = state_of(c); status != CUDNN_STATUS_SUCCESS)
    return status;
  if (!a.set || a.mode == CUDNN_ACTIVATION_IDENTITY || !from.same_shape(to) || (x == y && from.strides != to.strides))
    return CUDNN_STATUS_BAD_PARAM;
  if (!to.is_image())
    return CUDNN_STATUS_NOT_SUPPORTED;
  const blend mix(alpha, beta);
  if (x != y)
    must_not_overlap(reads(x, from.extent()), writes(y, to.extent()), call);
  enqueue(
      c.stream, {reads(x, from.extent()), writes(y, to.extent())},
      [=] {
        const auto* source = floats(x);
        auto* target = floats(y);
        each_element(to, [&](int n, int k, int i, int j) {
          mix.put(target[to.at(n, k, i, j)], activated(a, source[from.at(n, k, i, j)]));
        });
      },
      call);
  return CUDNN_STATUS_SUCCESS;
}
}
