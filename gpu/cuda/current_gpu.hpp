#pragma once

#include "gpu/cuda/error.hpp"

namespace baton::gpu::cuda {

/// Makes a GPU the calling thread's current one while it lives: calls that take no stream go to it, and a stream is
/// used only while its GPU is current.
class current_gpu {
public:
  /// Throws `failure`.
  explicit current_gpu(int gpu) {
    check(cudaGetDevice(&before_), "cudaGetDevice");
    if (before_ != gpu)
      check(cudaSetDevice(gpu), "cudaSetDevice");
    else
      before_ = -1;
  }
  ~current_gpu() {
    if (before_ >= 0)
      (void)cudaSetDevice(before_);
  }
  current_gpu(const current_gpu&) = delete;
  current_gpu& operator=(const current_gpu&) = delete;

private:
  int before_ = -1;
};

/// The same for destructors: what fails is not told.
class current_gpu_quietly {
public:
  explicit current_gpu_quietly(int gpu) {
    (void)cudaGetDevice(&before_);
    (void)cudaSetDevice(gpu);
  }
  ~current_gpu_quietly() { (void)cudaSetDevice(before_); }
  current_gpu_quietly(const current_gpu_quietly&) = delete;
  current_gpu_quietly& operator=(const current_gpu_quietly&) = delete;

private:
  int before_ = 0;
};

} // namespace baton::gpu::cuda
