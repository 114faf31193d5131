#pragma once

#include <exception>
#include <string>
#include <utility>

#include <cublasLt.h>
#include <cuda_runtime_api.h>
#include <cudnn.h>

#include "gpu/failure.hpp"

/// No call goes unchecked. Lack of memory becomes `out_of_memory`, what a library says it does not support `bad_model`,
/// everything else `device_failed`: the calls are ours, so any other refusal means that the card is lost or that we are
/// wrong, and in both cases its work must go elsewhere.
namespace baton::gpu::cuda {

/// Any of the reasons that cuDNN has.
inline bool is_not_supported(cudnnStatus_t result) {
  return CUDNN_STATUS_CATEGORY(result) == CUDNN_STATUS_NOT_SUPPORTED;
}

/// Throws `failure` naming `call`, unless it succeeded.
void check(cudaError_t result, const char* call);
void check(cudnnStatus_t result, const char* call);
void check(cublasStatus_t result, const char* call);

/// Calls `f`; what Thrust throws leaves as `failure`.
template <class F>
void guard_thrust(F&& f) {
  try {
    std::forward<F>(f)();
  } catch (const failure&) {
    throw;
  } catch (const std::exception& e) {
    (void)cudaGetLastError();
    raise(errc::device_failed, std::string("Thrust: ") + e.what());
  }
}

} // namespace baton::gpu::cuda
