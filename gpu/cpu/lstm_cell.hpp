#pragma once

#include <cstddef>

namespace baton::gpu::cpu {

/// A step of an LSTM, when the products are there: of each row the sums of the gates i, f, o and the candidate.
struct lstm_cell {
  const float* gates;  ///< [rows, 4, hidden]
  const float* before; ///< c, [rows, hidden]
  float* after;        ///< c, [rows, hidden]
  float* state;        ///< h, [rows, hidden]
  float* result;       ///< h again
  std::size_t rows;
  std::size_t hidden;
};

/// c = sigmoid(f) * c + sigmoid(i) * tanh(candidate), h = sigmoid(o) * tanh(c). Relative error of each 1e-6 (functions:
/// Cephes' expf and tanhf); sums beyond 87 count as 87. With the widest vectors that the processor has; the bits of a
/// unit are the same with any, alone and among others.
void run(const lstm_cell& cell);

} // namespace baton::gpu::cpu
