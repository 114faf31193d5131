#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "gpu/cuda/kernels.hpp"
#include "gpu/recurrent.hpp"

/// What LSTM, GRU and plain RNN share. A step of one direction is a part: products by cuBLASLt and kernels of ours for
/// the gates. Why not cuDNN's recurrent layers: docs/decisions/008.
namespace baton::gpu::cuda {

/// Operand `role`'s piece of direction `d`.
place direction_piece(layer_builder& b, std::size_t role, std::uint32_t d);

/// Where one step of one direction finds what it reads and writes.
struct recurrent_places {
  place input;               ///< [N, gates * H]: x w^T, in the time of the part
  place r;                   ///< [gates * H, H]
  std::optional<place> bias; ///< [2 * gates * H]: w's, then r's
  std::optional<place> y;    ///< [N, H]
  std::vector<place> state;  ///< by state, [N, H]: read, then written
  std::uint32_t direction = 0;
};

/// Makes the parts: for each direction what begins the carried state, then the products of x and w of several steps at
/// once, then what `add_step` adds, then what makes the last state a result. A group of steps is the same however its
/// parts are submitted: so are the bits. Sets the number of parts and the state's size. `gates`: rows of w in H.
void build_directions(layer_builder& b, const recurrent_extents& e, std::int64_t gates,
                      const std::function<void(const recurrent_places&)>& add_step);

/// `count` elements that are read; none if `p` is nothing.
inline span<const float> read_if(const run_context& c, const std::optional<place>& p, std::size_t count) {
  return p ? c.read<float>(*p, count) : span<const float>();
}
inline span<float> write_if(const run_context& c, const std::optional<place>& p, std::size_t count) {
  return p ? c.write<float>(*p, count) : span<float>();
}

} // namespace baton::gpu::cuda
