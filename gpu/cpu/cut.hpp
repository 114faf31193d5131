#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "gpu/cpu/layout.hpp"
#include "gpu/device.hpp"

namespace baton::gpu::cpu {

/// A layer cut into parts of equal size, which are computed alone. Its result, and the operands that go with it, are
/// cut along the same axis.
struct cut {
  int axis = 0; ///< of the result: 0 for pictures or rows, else channels or columns
  std::uint32_t pieces = 1;
};

/// One piece of a value that lies as a whole: its layout, and the bytes from one piece to the next.
struct piece_layout {
  layout how;
  std::ptrdiff_t step = 0;
};

/// Whether the layout is one whose bytes are known, and no piece begins or ends inside of a block.
bool has_pieces(const layout& whole, int axis, std::uint32_t pieces);
/// @pre has_pieces, or one piece
piece_layout piece_of(const layout& whole, int axis, std::uint32_t pieces);

bool is_too_long(const cut_rule& rule, double seconds);
/// The least number of parts, of those that are `possible`, that are not too long; else the largest possible number.
std::uint32_t parts_for(const cut_rule& rule, double seconds, const std::function<bool(std::uint32_t)>& possible);

} // namespace baton::gpu::cpu
