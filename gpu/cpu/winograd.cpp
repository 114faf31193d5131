#include "gpu/cpu/winograd.hpp"

#include <algorithm>

#include <omp.h>

#include "gpu/cpu/tile_product.hpp"
#include "gpu/cpu/vectors.hpp"
#include "gpu/cpu/winograd_tiles.hpp"
#include "gpu/cpu/winograd_transform.hpp"
#include "gpu/defaults.hpp"

namespace baton::gpu::cpu {
namespace {

/// Places lie a line of the cache further apart than they need: else all of a tile's might fall on the same lines.
constexpr std::size_t between_places = defaults::alignment / sizeof(float);

/// How the work is shared out.
struct division {
  bool by_panels;           ///< each thread has some panels of channels and all tiles, else some tiles and all channels
  std::size_t at_once;      ///< tiles
  std::size_t sources_step; ///< of a `tile_set`, floats
  std::size_t sums_step;
  std::size_t sources; ///< of all places
  std::size_t sums;

  explicit division(const winograd& c) : by_panels(c.threads > 1 && c.tiles() < c.threads * defaults::winograd_rows) {
    const auto of_thread = by_panels ? c.tiles() : (c.tiles() + c.threads - 1) / c.threads;
    const auto far = c.weights() * sizeof(float) > defaults::winograd_cached_bytes;
    const auto most = (far ? 2 : 1) * defaults::winograd_rows;
    const auto groups = (of_thread + most - 1) / most;
    at_once = (of_thread + groups - 1) / groups;
    sources_step = c.depth * at_once + between_places;
    sums_step = tile_columns * at_once + between_places;
    sources = c.places() * sources_step;
    sums = c.places() * sums_step;
  }
};

std::size_t piece_begin(std::size_t whole, std::size_t piece, std::size_t pieces) {
  return whole * piece / pieces;
}

struct worker {
  const winograd& c;
  const winograd_operands& o;
  const division& d;
  run_tile_product multiply;
  tile_transforms transforms;

  /// The share of one of a team's threads.
  void run(std::size_t thread, std::size_t threads) const {
    const auto panels = (c.channels + tile_columns - 1) / tile_columns;
    if (!d.by_panels) {
      auto* const own = o.scratch + thread * (d.sources + d.sums);
      const auto end = piece_begin(c.tiles(), thread + 1, threads);
      for (auto first = piece_begin(c.tiles(), thread, threads); first < end; first += d.at_once) {
        const auto t = tiles(first, std::min(d.at_once, end - first), own, own + d.sources);
        transforms.read(c, o, t, 0, c.depth);
        run_panels(t, 0, panels);
      }
      return;
    }
    const auto blocks = c.depth / tile_depth;
    for (std::size_t first = 0; first < c.tiles(); first += d.at_once) {
      const auto t =
          tiles(first, std::min(d.at_once, c.tiles() - first), o.scratch, o.scratch + d.sources + thread * d.sums);
      transforms.read(c, o, t, piece_begin(blocks, thread, threads) * tile_depth,
                      piece_begin(blocks, thread + 1, threads) * tile_depth);
#pragma omp barrier
      run_panels(t, piece_begin(panels, thread, threads), piece_begin(panels, thread + 1, threads));
#pragma omp barrier
    }
  }

private:
  tile_set tiles(std::size_t first, std::size_t count, float* sources, float* sums) const {
    return {first, count, sources, d.sources_step, sums, d.sums_step};
  }

  void run_panels(const tile_set& t, std::size_t panel, std::size_t end) const {
    for (; panel < end; ++panel) {
      const auto channel = panel * tile_columns;
      const auto wide = std::min(tile_columns, c.channels - channel);
      const auto* weights = o.weights + channel * c.places() * c.depth;
      for (std::size_t i = 0; i < c.places(); ++i, weights += c.depth * wide)
        multiply({.factors = t.sources + i * t.sources_step,
                  .factors_step = t.count * tile_depth,
                  .weights = weights,
                  .sums = t.sums + i * t.sums_step,
                  .rows = t.count,
                  .depth = c.depth,
                  .columns = wide});
      transforms.write(c, o, t, channel, channel + wide);
    }
  }
};

template <std::size_t Tile>
void transform_all(const winograd& c, std::span<const float> plain, std::span<float> to) {
  constexpr auto wide = Tile + 2;
  using line = winograd_transform<Tile>;
  for (std::size_t k = 0; k < c.channels; ++k) {
    const auto panel = k / tile_columns * tile_columns;
    const auto columns = std::min(tile_columns, c.channels - panel);
    for (std::size_t d = 0; d < c.depth; ++d) {
      const float* const g = &plain[(k * c.depth + d) * 9];
      std::array<std::array<double, wide>, 3> rows;
      for (std::size_t y = 0; y < 3; ++y)
        rows[y] = line::weights(g[3 * y], g[3 * y + 1], g[3 * y + 2]);
      for (std::size_t x = 0; x < wide; ++x) {
        const auto column = line::weights(rows[0][x], rows[1][x], rows[2][x]);
        for (std::size_t y = 0; y < wide; ++y)
          to[panel * wide * wide * c.depth + ((y * wide + x) * c.depth + d) * columns + (k - panel)] =
              static_cast<float>(column[y]);
      }
    }
  }
}

} // namespace

std::size_t winograd::scratch() const {
  const division d(*this);
  return d.by_panels ? d.sources + threads * d.sums : threads * (d.sources + d.sums);
}

void transform_weights(const winograd& c, std::span<const float> plain, std::span<float> to) {
  c.tile == 2 ? transform_all<2>(c, plain, to) : transform_all<4>(c, plain, to);
}

void run(const winograd& c, const winograd_operands& o) {
  static const auto widest = widest_vector();
  const auto lanes = std::min({widest, c.source.block, c.target.block});
  const division d(c);
  const worker all{c, o, d, tile_product_with(lanes), tile_transforms_of(c.tile, lanes)};
  if (c.threads == 1)
    return all.run(0, 1);
  const auto threads = static_cast<int>(c.threads); // NOLINT(clang-analyzer-deadcode.DeadStores): for OpenMP
#pragma omp parallel num_threads(threads)
  all.run(static_cast<std::size_t>(omp_get_thread_num()), static_cast<std::size_t>(omp_get_num_threads()));
}

} // namespace baton::gpu::cpu
