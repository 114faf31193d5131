#pragma once

#include <utility>

#include "gpu/cuda/error.hpp"

namespace baton::gpu::cuda {

/// Sole owner of something that a library made. `Destroy` is the library's own call; its result is not looked at: it
/// repeats an error that has been told, and a destructor can do nothing about it.
template <class T, auto Destroy>
class handle {
public:
  handle() = default;
  explicit handle(T value) : value_(value) {}
  handle(handle&& other) noexcept : value_(std::exchange(other.value_, T{})) {}
  handle& operator=(handle&& other) noexcept {
    handle old(std::exchange(value_, std::exchange(other.value_, T{})));
    return *this;
  }
  ~handle() {
    if (value_ != T{})
      (void)Destroy(value_);
  }

  T get() const { return value_; }
  /// Where a library's `Create` writes. @pre empty
  T* put() { return &value_; }
  explicit operator bool() const { return value_ != T{}; }

private:
  T value_{};
};

using pinned_memory = handle<void*, cudaFreeHost>;
using stream_handle = handle<cudaStream_t, cudaStreamDestroy>;
using event_handle = handle<cudaEvent_t, cudaEventDestroy>;
using captured_graph = handle<cudaGraph_t, cudaGraphDestroy>;
using executable_graph = handle<cudaGraphExec_t, cudaGraphExecDestroy>;
using dnn_handle = handle<cudnnHandle_t, cudnnDestroy>;
using blas_handle = handle<cublasLtHandle_t, cublasLtDestroy>;
using tensor_descriptor = handle<cudnnTensorDescriptor_t, cudnnDestroyTensorDescriptor>;
using filter_descriptor = handle<cudnnFilterDescriptor_t, cudnnDestroyFilterDescriptor>;
using convolution_descriptor = handle<cudnnConvolutionDescriptor_t, cudnnDestroyConvolutionDescriptor>;
using activation_descriptor = handle<cudnnActivationDescriptor_t, cudnnDestroyActivationDescriptor>;
using matmul_descriptor = handle<cublasLtMatmulDesc_t, cublasLtMatmulDescDestroy>;
using matrix_layout = handle<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy>;
using matmul_preference = handle<cublasLtMatmulPreference_t, cublasLtMatmulPreferenceDestroy>;

} // namespace baton::gpu::cuda
