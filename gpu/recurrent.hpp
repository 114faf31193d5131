#pragma once

#include <cstddef>
#include <cstdint>

#include "gpu/layer_view.hpp"
#include "metadata/layer.hpp"

namespace baton::gpu {

/// Operand roles of all recurrent kinds; `c0` and `peepholes` are the LSTM's.
enum recurrent_role : std::size_t { rnn_x, rnn_w, rnn_r, rnn_bias, rnn_h0, rnn_c0, rnn_peepholes };

/// A recurrent layer at one shape.
struct recurrent_extents {
  std::int64_t steps, batch, input, hidden;
  std::int64_t gates;     ///< rows of w are gates * hidden
  std::size_t states;     ///< h, or h and c
  std::size_t directions; ///< 1 or 2
  bool backwards;         ///< with one direction: it begins at the last step

  /// Elements of a state.
  std::size_t state_size() const { return static_cast<std::size_t>(batch * hidden); }
};
recurrent_extents extents_of(const layer_view& of, std::int64_t hidden, metadata::recurrent_direction direction,
                             std::int64_t gates, std::size_t states);

} // namespace baton::gpu
