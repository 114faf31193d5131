#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gpu/place.hpp"

namespace baton::gpu {

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

/// Where a plan's values and carried states lie in its activation block.
struct block_plan {
  std::vector<std::size_t> values; ///< offset by value; of the planned ones
  std::vector<std::size_t> states; ///< offset by layer
  std::size_t bytes = 0;           ///< of the block, never 0
};

/// A value that lies inside of another one, from `offset` on: both are left alone while either is needed.
struct shared_place {
  value_index inner = metadata::none;
  value_index outer = metadata::none;
  std::size_t offset = 0;
};

/// `shared`: no value is inner twice. `state_bytes` by layer.
block_plan lay_out_block(const metadata::model& model, std::span<const planned_value> values,
                         std::span<const shared_place> shared, std::span<const std::size_t> state_bytes);

} // namespace baton::gpu
