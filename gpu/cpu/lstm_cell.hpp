#pragma once

#include <cstddef>

namespace baton::gpu::cpu {

/// Units whose sums lie together, 16 of each gate: a panel of columns.
inline constexpr std::size_t lstm_units = 16;

/// A step of an LSTM, when the products are there: of each row the sums of the gates i, f, o and the candidate. Of a
/// row's units, those of some panels.
struct lstm_cell {
  const float* gates;     ///< [rows, panels, 4, 16]
  std::size_t gates_step; ///< floats from one row's to the next
  const float* before;    ///< c, [rows, hidden]
  float* after;           ///< c, [rows, hidden]
  float* state;           ///< h, [rows, hidden]
  float* result;          ///< h again
  std::size_t rows;
  std::size_t hidden;
  std::size_t first_panel;
  std::size_t end_panel; ///< the last one of a row may be filled in part
};

/// c = sigmoid(f) * c + sigmoid(i) * tanh(candidate), h = sigmoid(o) * tanh(c). Relative error of each product 1e-6
/// (exponentials: Cephes' expf); sums beyond 87 count as 87. With the widest vectors that the processor has; the bits
/// of a unit are the same with any that multiply and add at once, alone and among others.
void run(const lstm_cell& cell);

} // namespace baton::gpu::cpu
