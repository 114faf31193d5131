#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace baton::gpu::cpu {

/// A piece of a block and the layers, first and last included, during which its bytes must be left alone.
struct lifetime {
  std::size_t bytes = 0;
  std::uint32_t first = 0;
  std::uint32_t last = 0;
};

struct memory_plan {
  std::vector<std::size_t> offsets; ///< per piece, 64-byte aligned
  std::size_t bytes = 0;            ///< of the block
};

/// Lays the pieces into one block, so that pieces alive at the same layer do not overlap. Largest first, each at the
/// lowest offset that is free during its life. Deterministic.
memory_plan lay_out(std::span<const lifetime> pieces);

} // namespace baton::gpu::cpu
