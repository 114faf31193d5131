#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "gpu/cuda/kernels.hpp"

/// What LSTM, GRU and plain RNN share. A step of one direction is a part: products by cuBLASLt and one kernel of ours
/// for the gates. cuDNN's recurrent layers run all steps in one call, so a request could neither be preempted nor moved
/// between them; and the state carried there is not the CPU's, which is h and c as they are.
namespace baton::gpu::cuda {

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
recurrent_extents extents_of(layer_builder& b, std::int64_t hidden, metadata::recurrent_direction direction,
                             std::int64_t gates, std::size_t states);

/// Where one step of one direction finds what it reads and writes.
struct recurrent_places {
  place x;                   ///< [N, I]
  place w;                   ///< [gates * H, I], as ONNX has it
  place r;                   ///< [gates * H, H]
  std::optional<place> bias; ///< [2 * gates * H]: w's, then r's
  std::optional<place> y;    ///< [N, H]
  std::vector<place> state;  ///< by state, [N, H]: read, then written
  std::uint32_t direction = 0;
};

/// Makes the parts: for each direction what begins the carried state, then what `add_step` adds, then what makes the
/// last state a result. Sets the number of parts and the state's size.
void build_directions(layer_builder& b, const recurrent_extents& e,
                      const std::function<void(const recurrent_places&)>& add_step);

/// `count` elements that are read; none if `p` is nothing.
inline span<const float> read_if(const run_context& c, const std::optional<place>& p, std::size_t count) {
  return p ? c.read<float>(*p, count) : span<const float>();
}
inline span<float> write_if(const run_context& c, const std::optional<place>& p, std::size_t count) {
  return p ? c.write<float>(*p, count) : span<float>();
}

} // namespace baton::gpu::cuda
