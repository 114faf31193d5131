#pragma once

#include <cmath>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <cublasLt.h>
#include <cudnn.h>

#include "tests/fake_cuda/fault.hpp"
#include "tests/fake_cuda/test_process.hpp"

namespace fake_cuda::testing {

/// One stream, the libraries' handles, and memory that is given back at the end.
class lab {
public:
  lab() {
    OK(cudnnCreate(&dnn));
    OK(cudnnSetStream(dnn, stream));
    OK(cublasLtCreate(&blas));
  }
  ~lab() {
    OK(cudaStreamSynchronize(stream));
    for (auto* p : blocks_)
      OK(cudaFree(p));
    for (auto* p : pinned_)
      OK(cudaFreeHost(p));
    for (auto& f : descriptors_)
      f();
    OK(cudnnDestroy(dnn));
    OK(cublasLtDestroy(blas));
    OK(cudaStreamDestroy(stream));
  }
  lab(const lab&) = delete;
  lab& operator=(const lab&) = delete;

  float* floats(std::size_t count) {
    auto* p = allocate<float>(count).data();
    blocks_.push_back(p);
    return p;
  }
  float* put(const std::vector<float>& values) {
    auto* p = floats(values.size());
    auto* host = pin(values.size());
    std::copy(values.begin(), values.end(), host);
    OK(cudaMemcpyAsync(p, host, values.size() * sizeof(float), cudaMemcpyHostToDevice, stream));
    return p;
  }
  std::vector<float> get(const float* p, std::size_t count) {
    auto* host = pin(count);
    OK(cudaMemcpyAsync(host, p, count * sizeof(float), cudaMemcpyDeviceToHost, stream));
    OK(cudaStreamSynchronize(stream));
    return {host, host + count};
  }
  /// Numbers without a pattern that a fault could hide in.
  std::vector<float> numbers(std::size_t count) {
    std::vector<float> result(count);
    for (auto& v : result) {
      state_ = state_ * 1664525U + 1013904223U;
      v = static_cast<float>(state_ >> 8) / static_cast<float>(1U << 23) - 1.0F;
    }
    return result;
  }

  cudnnTensorDescriptor_t tensor(int n, int c, int h, int w) {
    cudnnTensorDescriptor_t d = nullptr;
    OK(cudnnCreateTensorDescriptor(&d));
    OK(cudnnSetTensor4dDescriptor(d, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, n, c, h, w));
    at_end([d] { OK(cudnnDestroyTensorDescriptor(d)); });
    return d;
  }
  void at_end(std::function<void()> f) { descriptors_.push_back(std::move(f)); }

  cudaStream_t stream = make_stream();
  cudnnHandle_t dnn = nullptr;
  cublasLtHandle_t blas = nullptr;
  const float one = 1;
  const float zero = 0;

private:
  float* pin(std::size_t count) {
    auto* p = allocate_pinned<float>(count).data();
    pinned_.push_back(p);
    return p;
  }

  std::vector<void*> blocks_;
  std::vector<void*> pinned_;
  std::vector<std::function<void()>> descriptors_;
  unsigned state_ = 1;
};

inline bool alike(const std::vector<float>& a, const std::vector<float>& b, float tolerance = 1e-5F) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!(std::abs(a[i] - b[i]) <= tolerance)) {
      std::fprintf(stderr, "element %zu: %g and %g\n", i, static_cast<double>(a[i]), static_cast<double>(b[i]));
      return false;
    }
  return a.size() == b.size();
}

/// In a process of its own, which must leave nothing behind.
inline void works(const std::function<void(lab&)>& f) {
  const auto end = run(
      [&] {
        lab l;
        f(l);
      },
      leaving::in_order);
  INFO(end.said);
  CHECK(end.code == 0);
  CHECK(end.signal == 0);
}

/// The same, to end with a sentence that has `text` in it.
inline void is_fatal(const std::function<void(lab&)>& wrong, const std::string& text) {
  const auto end = run([&] {
    lab l;
    wrong(l);
  });
  INFO(end.said);
  CHECK(end.code == fault_exit_code);
  CHECK(end.says(text));
}

} // namespace fake_cuda::testing
