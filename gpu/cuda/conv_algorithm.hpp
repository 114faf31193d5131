#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include <cudnn.h>

namespace baton::gpu::cuda {

/// A way to convolve.
struct conv_algorithm {
  cudnnConvolutionFwdAlgo_t how = CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM;
  cudnnMathType_t math = CUDNN_FMA_MATH;
  std::size_t workspace = 0; ///< bytes
};

/// What measured searches found, by card, library version and shape. A search is a race and may end differently each
/// time; so that equal plans make equal bits, the first answer stays for the life of the process. Thread-safe.
class conv_algorithms {
public:
  /// The answer for `problem`: `search` is called if there is none yet; others who ask meanwhile wait.
  conv_algorithm find(const std::string& problem, const std::function<conv_algorithm()>& search) {
    std::lock_guard lock(mutex_);
    if (auto known = known_.find(problem); known != known_.end())
      return known->second;
    return known_.emplace(problem, search()).first->second;
  }

private:
  std::mutex mutex_;
  std::map<std::string, conv_algorithm> known_;
};

} // namespace baton::gpu::cuda
