#pragma once

#include "gpu/cuda/error.hpp"

namespace baton::gpu::cuda {

/// The calling thread's current GPU, as far as we set it; -1: never. CUDA's own answer would be 0 then, and to set that
/// makes a context on a GPU that nobody asked for.
inline thread_local int gpu_of_thread = -1;

/// Makes a GPU the calling thread's current one while it lives: calls that take no stream go to it, and a stream is
/// used only while its GPU is current.
class current_gpu {
public:
  /// Throws `failure`.
  explicit current_gpu(int gpu) : before_(gpu_of_thread) {
    if (before_ != gpu)
      check(cudaSetDevice(gpu), "cudaSetDevice");
    gpu_of_thread = gpu;
  }
  ~current_gpu() {
    if (before_ < 0 || before_ == gpu_of_thread)
      return;
    (void)cudaSetDevice(before_);
    gpu_of_thread = before_;
  }
  current_gpu(const current_gpu&) = delete;
  current_gpu& operator=(const current_gpu&) = delete;

private:
  int before_;
};

/// The same for destructors: what fails is not told.
class current_gpu_quietly {
public:
  explicit current_gpu_quietly(int gpu) : before_(gpu_of_thread) {
    (void)cudaSetDevice(gpu);
    gpu_of_thread = gpu;
  }
  ~current_gpu_quietly() {
    if (before_ < 0 || before_ == gpu_of_thread)
      return;
    (void)cudaSetDevice(before_);
    gpu_of_thread = before_;
  }
  current_gpu_quietly(const current_gpu_quietly&) = delete;
  current_gpu_quietly& operator=(const current_gpu_quietly&) = delete;

private:
  int before_;
};

} // namespace baton::gpu::cuda
