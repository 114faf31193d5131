#pragma once

#include <cstddef>

namespace baton::gpu::cpu {

/// Depth that lies together in a row's factors.
inline constexpr std::size_t tile_depth = 16;
/// Columns that lie together in a panel of weights; of a last one that is not full 16.
inline constexpr std::size_t tile_columns = 32;

/// sums = factors * weights, for a panel of weights and as many rows as share it.
struct tile_product {
  const float* factors;     ///< [depth / 16, rows, 16]
  std::size_t factors_step; ///< floats from one block of depth to the next
  const float* weights;     ///< [depth, columns]
  float* sums;              ///< [rows, 32]
  std::size_t rows;
  std::size_t depth;   ///< a multiple of 16
  std::size_t columns; ///< 16 or 32
};

using run_tile_product = void (*)(const tile_product&);

/// With vectors of so many floats (4, 8, 16). Each sum is added up in the order of depth, from zero on, so its bits do
/// not depend on what else is computed.
run_tile_product tile_product_with(std::size_t lanes);

} // namespace baton::gpu::cpu
