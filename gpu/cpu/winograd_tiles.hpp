#pragma once

#include <cstddef>

#include "gpu/cpu/winograd.hpp"

/// The transforms of tiles.
namespace baton::gpu::cpu {

/// Some of the tiles, transformed. Each place's are a matrix of their own.
struct tile_set {
  std::size_t first; ///< tile
  std::size_t count;
  float* sources;           ///< [places, depth / 16, count, 16]
  std::size_t sources_step; ///< from one place to the next
  float* sums;              ///< of a panel of channels: [places, count, 32]
  std::size_t sums_step;
};

/// Reads the source's channels from `channel` up to `end`.
using read_tiles = void (*)(const winograd&, const winograd_operands&, const tile_set&, std::size_t channel,
                            std::size_t end);
/// Writes the result's channels from `channel` up to `end`, which are those of the panel.
using write_tiles = read_tiles;

struct tile_transforms {
  read_tiles read;
  write_tiles write;
};

/// With vectors of so many floats (4, 8, 16).
tile_transforms tile_transforms_of(std::size_t tile, std::size_t lanes);

} // namespace baton::gpu::cpu
