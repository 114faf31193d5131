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
  raise(result == CUDNN_STATUS_ALLOC_FAILED ? errc::out_of_memory : errc::device_failed,
        std::string(call) + ": cuDNN: " + cudnnGetErrorString(result));
}

void check(cublasStatus_t result, const char* call) {
  if (result == CUBLAS_STATUS_SUCCESS)
    return;
  raise(result == CUBLAS_STATUS_ALLOC_FAILED ? errc::out_of_memory : errc::device_failed,
        std::string(call) + ": cuBLASLt: " + cublasLtGetStatusString(result));
}

} // namespace baton::gpu::cuda
