#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <cudnn.h>

#include "tests/fake_cuda/fake_cuda.hpp"
#include "tests/fake_cuda/handles.hpp"

/// What the parts of the stand-in's cuDNN share. It computes in plain loops, in a fixed order, and takes float32 only.
/// NaN goes through everything that does not say otherwise, so that memory nobody wrote shows.
namespace fake_cuda::dnn {

struct context {
  int device = 0;
  cudaStream_t stream = nullptr;
};

struct tensor {
  static constexpr int most_axes = 8;
  int axes = 0; ///< 0: not set yet
  cudnnDataType_t type = CUDNN_DATA_FLOAT;
  std::array<int, most_axes> dims{};
  std::array<int, most_axes> strides{};

  /// From the first to behind the last element.
  std::size_t extent() const;
  bool is_image() const { return axes == 4 && type == CUDNN_DATA_FLOAT; }
  bool same_shape(const tensor& other) const { return axes == other.axes && dims == other.dims; }
  std::size_t at(int n, int c, int h, int w) const {
    return static_cast<std::size_t>(n) * static_cast<std::size_t>(strides[0])
           + static_cast<std::size_t>(c) * static_cast<std::size_t>(strides[1])
           + static_cast<std::size_t>(h) * static_cast<std::size_t>(strides[2])
           + static_cast<std::size_t>(w) * static_cast<std::size_t>(strides[3]);
  }
};

/// Dense, [K, C, R, S].
struct filter {
  tensor of;
  cudnnTensorFormat_t format = CUDNN_TENSOR_NCHW;
};

struct activation {
  bool set = false;
  cudnnActivationMode_t mode = CUDNN_ACTIVATION_RELU;
  cudnnNanPropagation_t nan = CUDNN_NOT_PROPAGATE_NAN;
  double coefficient = 0;
};

handles<cudnnHandle_t, context>& contexts();
handles<cudnnTensorDescriptor_t, tensor>& tensors();
handles<cudnnFilterDescriptor_t, filter>& filters();
handles<cudnnActivationDescriptor_t, activation>& activations();

/// The handle's context; ends the process if its device is not current, or no stream was set.
context usable(cudnnHandle_t handle, const char* call);
/// What a call answers before it looks at anything else: whether the device is there.
cudnnStatus_t state_of(const context& c);

/// Makes an object of one kind, as all `cudnnCreate...Descriptor` do.
template <class Handle, class Object>
cudnnStatus_t create(handles<Handle, Object>& all, Handle* result, const char* call) {
  enter(call);
  if (!result)
    return CUDNN_STATUS_BAD_PARAM;
  *result = all.add(std::make_shared<Object>());
  return CUDNN_STATUS_SUCCESS;
}

template <class Handle, class Object>
cudnnStatus_t destroy(handles<Handle, Object>& all, Handle handle, const char* call) {
  enter(call);
  if (handle)
    all.remove(handle, call);
  return CUDNN_STATUS_SUCCESS;
}

/// Factors of the result and of what the target held before.
struct blend {
  blend(const void* alpha, const void* beta)
      : result(*static_cast<const float*>(alpha)), before(*static_cast<const float*>(beta)) {}
  float result;
  float before;
  /// The target is not read if it does not count.
  void put(float& target, float value) const {
    target = before == 0 ? result * value : result * value + before * target;
  }
};

inline range reads(const void* p, std::size_t floats) {
  return {p, floats * sizeof(float), false};
}
inline range writes(const void* p, std::size_t floats) {
  return {p, floats * sizeof(float), true};
}
/// On a stream's thread.
inline float* floats(const void* p) {
  return p ? static_cast<float*>(translate(p)) : nullptr;
}
/// Ends the process if the target shares bytes with an operand, where the library does not allow it.
void must_not_overlap(const range& operand, const range& target, const char* call);

} // namespace fake_cuda::dnn
