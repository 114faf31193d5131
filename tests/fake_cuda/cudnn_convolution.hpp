#pragma once

#include <optional>

#include "tests/fake_cuda/cudnn.hpp"
#include "tests/fake_cuda/tf32.hpp"

namespace fake_cuda::dnn {

struct convolution {
  bool set = false;
  int pad_h = 0, pad_w = 0;
  int stride_h = 1, stride_w = 1;
  int dilation_h = 1, dilation_w = 1;
  int groups = 1;
  bool flipped = false; ///< a true convolution
  cudnnMathType_t math = CUDNN_DEFAULT_MATH;
};

handles<cudnnConvolutionDescriptor_t, convolution>& convolutions();

/// A convolution with all its shapes.
struct convolution_problem {
  tensor x;
  tensor w;
  tensor y;
  convolution how;
};

/// The result's [N, K, P, Q]; empty if the operands do not fit each other.
std::optional<std::array<int, 4>> result_dims(const convolution& how, const tensor& x, const tensor& w);

/// What cuDNN documents of shapes and types.
cudnnStatus_t check(const convolution_problem& p);
/// What it documents of one algorithm. @pre `check` succeeds
cudnnStatus_t check(const convolution_problem& p, cudnnConvolutionFwdAlgo_t algorithm);
/// Bytes that the algorithm asks for: small ones, in the stand-in.
std::size_t workspace_of(cudnnConvolutionFwdAlgo_t algorithm);

/// Calls `put(index in y, channel, sum)` for each element.
template <class Put>
void convolve(const convolution_problem& p, const float* x, const float* w, Put&& put) {
  const auto& h = p.how;
  const int per_group = p.w.dims[1];
  const int rows = p.w.dims[2];
  const int columns = p.w.dims[3];
  const int outputs_per_group = p.w.dims[0] / h.groups;
  const bool rough = h.math != CUDNN_FMA_MATH;
  const auto factor = [rough](float v) { return rough ? tf32(v) : v; };
  auto tap = [&](int k, int c, int r, int s) {
    return p.w.at(k, c, h.flipped ? rows - 1 - r : r, h.flipped ? columns - 1 - s : s);
  };
  for (int n = 0; n < p.y.dims[0]; ++n)
    for (int k = 0; k < p.y.dims[1]; ++k)
      for (int i = 0; i < p.y.dims[2]; ++i)
        for (int j = 0; j < p.y.dims[3]; ++j) {
          float sum = 0;
          for (int c = 0; c < per_group; ++c)
            for (int r = 0; r < rows; ++r) {
              const int row = i * h.stride_h - h.pad_h + r * h.dilation_h;
              if (row < 0 || row >= p.x.dims[2])
                continue;
              for (int s = 0; s < columns; ++s) {
                const int column = j * h.stride_w - h.pad_w + s * h.dilation_w;
                if (column >= 0 && column < p.x.dims[3])
                  sum += factor(x[p.x.at(n, k / outputs_per_group * per_group + c, row, column)])
                         * factor(w[tap(k, c, r, s)]);
              }
            }
          put(p.y.at(n, k, i, j), k, sum);
        }
}

} // namespace fake_cuda::dnn
