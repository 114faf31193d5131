#pragma once

#include "gpu/cuda/error.hpp"

namespace baton::gpu::cuda {

/// The calling thread's current GPU, as far as we set it; -1: never. CUDA's own answer would be 0 then, and to set that
/// makes a context on a GPU that nobody asked for.
inline thread_local int gpu_of_thread = -1;

/// Makes a GPU the calling thread's current one while it lives: calls that take no stream go to it, and a stream is
/// used only while its GPU is current. For destructors: what fails is not told.
class current_gpu_quietly {
public:
  explicit current_gpu_quietly(int gpu) : before_(gpu_of_thread), result_(set(gpu)) {}
  ~current_gpu_quietly() {
    if (before_ >= 0)
      (void)set(before_);
  }
  current_gpu_quietly(const current_gpu_quietly&) = delete;
  current_gpu_quietly& operator=(const current_gpu_quietly&) = delete;

protected:
  cudaError_t result() const { return result_; }

private:
  static cudaError_t set(int gpu) {
    const auto result = gpu == gpu_of_thread ? cudaSuccess : cudaSetDevice(gpu);
    if (result == cudaSuccess)
      gpu_of_thread = gpu;
    return result;
  }

  int before_;
  cudaError_t result_;
};

/// The same, and throws `failure` if it cannot be done.
class current_gpu : public current_gpu_quietly {
public:
  explicit current_gpu(int gpu) : current_gpu_quietly(gpu) { check(result(), "cudaSetDevice"); }
};

} // namespace baton::gpu::cuda
