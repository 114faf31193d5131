#include "tests/fake_cuda/cudnn.hpp"

#include "tests/fake_cuda/machine.hpp"
#include "tests/fake_cuda/stream.hpp"

/// cuDNN's handles and its descriptors of tensors, filters and activations.
namespace fake_cuda::dnn {
namespace {

bool positive(const int* numbers, int count) {
  for (int i = 0; i < count; ++i)
    if (numbers[i] <= 0)
      return false;
  return true;
}

cudnnStatus_t set_tensor(tensor& t, cudnnDataType_t type, int axes, const int* dims, const int* strides) {
  if (axes < 1 || axes > tensor::most_axes || !positive(dims, axes) || !positive(strides, axes))
    return CUDNN_STATUS_BAD_PARAM;
  if (type != CUDNN_DATA_FLOAT)
    return CUDNN_STATUS_NOT_SUPPORTED;
  t = {.axes = axes, .type = type};
  std::copy_n(dims, axes, t.dims.begin());
  std::copy_n(strides, axes, t.strides.begin());
  return CUDNN_STATUS_SUCCESS;
}

std::vector<int> dense_strides(int axes, const int* dims) {
  std::vector<int> strides(static_cast<std::size_t>(std::max(axes, 0)), 1);
  for (int i = axes - 2; i >= 0; --i)
    strides[static_cast<std::size_t>(i)] = strides[static_cast<std::size_t>(i) + 1] * dims[i + 1];
  return strides;
}

} // namespace

std::size_t tensor::extent() const {
  if (axes == 0)
    return 0;
  std::size_t last = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(axes); ++i)
    last += static_cast<std::size_t>(dims[i] - 1) * static_cast<std::size_t>(strides[i]);
  return last + 1;
}

handles<cudnnHandle_t, context>& contexts() {
  static auto& all = *new handles<cudnnHandle_t, context>(kind::dnn_handle);
  return all;
}
handles<cudnnTensorDescriptor_t, tensor>& tensors() {
  static auto& all = *new handles<cudnnTensorDescriptor_t, tensor>(kind::tensor);
  return all;
}
handles<cudnnFilterDescriptor_t, filter>& filters() {
  static auto& all = *new handles<cudnnFilterDescriptor_t, filter>(kind::filter);
  return all;
}
handles<cudnnActivationDescriptor_t, activation>& activations() {
  static auto& all = *new handles<cudnnActivationDescriptor_t, activation>(kind::activation);
  return all;
}

context usable(cudnnHandle_t handle, const char* call) {
  enter(call);
  const auto c = contexts().at(handle, call);
  if (c->device != current_device())
    die("%s: cuDNN handle of device %d while device %d is current", call, c->device, current_device());
  if (!c->stream)
    die("%s on the default stream: cudnnSetStream was not called", call);
  (void)usable_stream(c->stream, call);
  return *c;
}

cudnnStatus_t state_of(const context& c) {
  return the_machine().lost(c.device) ? CUDNN_STATUS_EXECUTION_FAILED : CUDNN_STATUS_SUCCESS;
}

void must_not_overlap(const range& operand, const range& target, const char* call) {
  const auto* a = static_cast<const char*>(operand.begin);
  const auto* b = static_cast<const char*>(target.begin);
  if (a < b + target.bytes && b < a + operand.bytes)
    die("%s: an operand at %p shares bytes with the result at %p", call, operand.begin, target.begin);
}

} // namespace fake_cuda::dnn

using namespace fake_cuda;
using namespace fake_cuda::dnn;

extern "C" {

std::size_t cudnnGetVersion() {
  return CUDNN_VERSION;
}

const char* cudnnGetErrorString(cudnnStatus_t status) {
  switch (status / 1000) {
  case 0: return "CUDNN_STATUS_SUCCESS";
  case 1: return "CUDNN_STATUS_NOT_INITIALIZED";
  case 2: return "CUDNN_STATUS_BAD_PARAM";
  case 3: return "CUDNN_STATUS_NOT_SUPPORTED";
  case 4: return "CUDNN_STATUS_INTERNAL_ERROR";
  case 5: return "CUDNN_STATUS_EXECUTION_FAILED";
  default: return "CUDNN_UNKNOWN_STATUS";
  }
}

cudnnStatus_t cudnnCreate(cudnnHandle_t* result) {
  enter("cudnnCreate");
  not_beside_captures(current_device(), "cudnnCreate");
  if (the_machine().lost(current_device()))
    return CUDNN_STATUS_NOT_INITIALIZED;
  *result = contexts().add(std::make_shared<context>(context{.device = current_device()}));
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
  not_beside_captures(contexts().at(handle, "cudnnDestroy")->device, "cudnnDestroy");
  return destroy(contexts(), handle, "cudnnDestroy");
}

cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream_given) {
  enter("cudnnSetStream");
  const auto c = contexts().at(handle, "cudnnSetStream");
  const auto s = any_stream(stream_given, "cudnnSetStream");
  if (s->device != c->device)
    die("cudnnSetStream: stream %u of device %d for a handle of device %d", s->number, s->device, c->device);
  c->stream = stream_given;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetStream(cudnnHandle_t handle, cudaStream_t* result) {
  enter("cudnnGetStream");
  *result = contexts().at(handle, "cudnnGetStream")->stream;
  return CUDNN_STATUS_SUCCESS;
}

// -- tensors ----------------------------------------------------------------------------------------------------------

cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* result) {
  return create(tensors(), result, "cudnnCreateTensorDescriptor");
}

cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t handle) {
  return destroy(tensors(), handle, "cudnnDestroyTensorDescriptor");
}

cudnnStatus_t cudnnSetTensorNdDescriptor(cudnnTensorDescriptor_t handle, cudnnDataType_t type, int axes,
                                         const int dims[], const int strides[]) {
  enter("cudnnSetTensorNdDescriptor");
  if (axes < 3) // documented: use ones for fewer
    return CUDNN_STATUS_NOT_SUPPORTED;
  return set_tensor(*tensors().at(handle, "cudnnSetTensorNdDescriptor"), type, axes, dims, strides);
}

cudnnStatus_t cudnnSetTensor4dDescriptorEx(cudnnTensorDescriptor_t handle, cudnnDataType_t type, int n, int c, int h,
                                           int w, int n_stride, int c_stride, int h_stride, int w_stride) {
  enter("cudnnSetTensor4dDescriptorEx");
  const int dims[] = {n, c, h, w};
  const int strides[] = {n_stride, c_stride, h_stride, w_stride};
  return set_tensor(*tensors().at(handle, "cudnnSetTensor4dDescriptorEx"), type, 4, dims, strides);
}

cudnnStatus_t cudnnSetTensor4dDescriptor(cudnnTensorDescriptor_t handle, cudnnTensorFormat_t format,
                                         cudnnDataType_t type, int n, int c, int h, int w) {
  switch (format) {
  case CUDNN_TENSOR_NCHW: return cudnnSetTensor4dDescriptorEx(handle, type, n, c, h, w, c * h * w, h * w, w, 1);
  case CUDNN_TENSOR_NHWC: return cudnnSetTensor4dDescriptorEx(handle, type, n, c, h, w, h * w * c, 1, w * c, c);
  default: return CUDNN_STATUS_NOT_SUPPORTED;
  }
}

cudnnStatus_t cudnnGetTensorNdDescriptor(const cudnnTensorDescriptor_t handle, int most, cudnnDataType_t* type,
                                         int* axes, int dims[], int strides[]) {
  enter("cudnnGetTensorNdDescriptor");
  const auto t = tensors().at(handle, "cudnnGetTensorNdDescriptor");
  *type = t->type;
  *axes = t->axes;
  std::copy_n(t->dims.begin(), std::min(most, t->axes), dims);
  std::copy_n(t->strides.begin(), std::min(most, t->axes), strides);
  return CUDNN_STATUS_SUCCESS;
}

// -- filters ----------------------------------------------------------------------------------------------------------

cudnnStatus_t cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t* result) {
  return create(filters(), result, "cudnnCreateFilterDescriptor");
}

cudnnStatus_t cudnnDestroyFilterDescriptor(cudnnFilterDescriptor_t handle) {
  return destroy(filters(), handle, "cudnnDestroyFilterDescriptor");
}

cudnnStatus_t cudnnSetFilterNdDescriptor(cudnnFilterDescriptor_t handle, cudnnDataType_t type,
                                         cudnnTensorFormat_t format, int axes, const int dims[]) {
  enter("cudnnSetFilterNdDescriptor");
  const auto f = filters().at(handle, "cudnnSetFilterNdDescriptor");
  if (format != CUDNN_TENSOR_NCHW)
    return CUDNN_STATUS_NOT_SUPPORTED; // by the stand-in
  f->format = format;
  return set_tensor(f->of, type, axes, dims, dense_strides(axes, dims).data());
}

cudnnStatus_t cudnnSetFilter4dDescriptor(cudnnFilterDescriptor_t handle, cudnnDataType_t type,
                                         cudnnTensorFormat_t format, int k, int c, int h, int w) {
  const int dims[] = {k, c, h, w};
  return cudnnSetFilterNdDescriptor(handle, type, format, 4, dims);
}

// -- activations ------------------------------------------------------------------------------------------------------

cudnnStatus_t cudnnCreateActivationDescriptor(cudnnActivationDescriptor_t* result) {
  return create(activations(), result, "cudnnCreateActivationDescriptor");
}

cudnnStatus_t cudnnDestroyActivationDescriptor(cudnnActivationDescriptor_t handle) {
  return destroy(activations(), handle, "cudnnDestroyActivationDescriptor");
}

cudnnStatus_t cudnnSetActivationDescriptor(cudnnActivationDescriptor_t handle, cudnnActivationMode_t mode,
                                           cudnnNanPropagation_t nan, double coefficient) {
  enter("cudnnSetActivationDescriptor");
  *activations().at(handle, "cudnnSetActivationDescriptor") = {true, mode, nan, coefficient};
  return CUDNN_STATUS_SUCCESS;
}
}
