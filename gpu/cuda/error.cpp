#include "gpu/cuda/error.hpp"

namespace baton::gpu::cuda {

void check(cudaError_t result, const char* call) {
  if (result == cudaSuccess)
    return;
  (void)cudaGetLastError(); // an error that is not sticky must not be told twice
  raise(result == cudaErrorMemoryAllocation ? errc::out_of_memory : errc::device_failed,
        std::string(call) + ": " + cudaGetErrorName(result) + ": " + cudaGetErrorString(result));
}

void check(cudnnStatus_t result, const char* call) {
  if (result == CUDNN_STATUS_SUCCESS)
    return;
  const auto no_memory = result == CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED
                         || result == CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED;
  raise(no_memory                  ? errc::out_of_memory
        : is_not_supported(result) ? errc::bad_model
                                   : errc::device_failed,
        std::string(call) + ": cuDNN: " + cudnnGetErrorString(result));
}

void check(cublasStatus_t result, const char* call) {
  if (result == CUBLAS_STATUS_SUCCESS)
    return;
  raise(result == CUBLAS_STATUS_ALLOC_FAILED    ? errc::out_of_memory
        : result == CUBLAS_STATUS_NOT_SUPPORTED ? errc::bad_model
                                                : errc::device_failed,
        std::string(call) + ": cuBLASLt: " + cublasLtGetStatusString(result));
}

} // namespace baton::gpu::cuda
