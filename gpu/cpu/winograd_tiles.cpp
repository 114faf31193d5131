#include "gpu/cpu/winograd_tiles.hpp"

#include <algorithm>

#include "gpu/cpu/tile_product.hpp"
#include "gpu/cpu/vectors.hpp"
#include "gpu/cpu/winograd_transform.hpp"

namespace baton::gpu::cpu {
namespace {

/// A tile's place: the picture, and the first of its pixels in the result.
struct tile_place {
  std::size_t picture;
  std::size_t row;
  std::size_t column;

  tile_place(const winograd& c, std::size_t tile) {
    const auto across = (c.columns + c.tile - 1) / c.tile;
    picture = tile / c.tiles_of_picture();
    const auto in_picture = tile % c.tiles_of_picture();
    row = in_picture / across * c.tile;
    column = in_picture % across * c.tile;
  }
  /// The next tile's; divisions take as long as a transform.
  void advance(const winograd& c) {
    if ((column += c.tile) < c.columns)
      return;
    column = 0;
    if ((row += c.tile) < c.rows)
      return;
    row = 0;
    ++picture;
  }
};

std::size_t at_channel(const picture_steps& s, std::size_t channel) {
  return channel / s.block * s.from_block + channel % s.block;
}

/// Of one tile, a vector of channels.
template <std::size_t Lanes, std::size_t Tile>
[[gnu::always_inline]] inline void read_tile(const float* from, std::size_t row_step, std::size_t pixel_step, float* to,
                                             std::size_t place_step) {
  using v = vector<Lanes>;
  constexpr auto wide = Tile + 2;
  typename v::type part[wide][wide]; // [x][y]
#pragma GCC unroll 8
  for (std::size_t x = 0; x < wide; ++x) {
#pragma GCC unroll 8
    for (std::size_t y = 0; y < wide; ++y)
      part[x][y] = v::at(from + y * row_step + x * pixel_step);
    winograd_transform<Tile>::source(part[x]);
  }
#pragma GCC unroll 8
  for (std::size_t y = 0; y < wide; ++y) {
    typename v::type line[wide];
#pragma GCC unroll 8
    for (std::size_t x = 0; x < wide; ++x)
      line[x] = part[x][y];
    winograd_transform<Tile>::source(line);
#pragma GCC unroll 8
    for (std::size_t x = 0; x < wide; ++x)
      v::at(to + (y * wide + x) * place_step) = line[x];
  }
}

/// The pixels of a tile that reaches over the source's edges, with zeros around them.
template <std::size_t Lanes, std::size_t Tile>
[[gnu::always_inline]] inline void copy_edge(const winograd& c, const float* picture, const tile_place& at, float* to) {
  using v = vector<Lanes>;
  constexpr auto wide = Tile + 2;
  for (std::size_t y = 0; y < wide; ++y)
    for (std::size_t x = 0; x < wide; ++x, to += Lanes) {
      const auto row = at.row + y - c.top; // before the first one it wraps around
      const auto column = at.column + x - c.left;
      if (row < c.height && column < c.width)
        v::at(to) = v::at(picture + row * c.source.from_row + column * c.source.from_pixel);
      else
        v::at(to) = typename v::type{};
    }
}

template <std::size_t Lanes, std::size_t Tile>
struct reading {
  [[gnu::always_inline]] static void run(const winograd& c, const winograd_operands& o, const tile_set& t,
                                         std::size_t channel, std::size_t end) {
    constexpr auto wide = Tile + 2;
    alignas(64) float edge[wide * wide * Lanes];
    for (; channel < end; channel += Lanes) {
      const float* const of_channel = o.source + at_channel(c.source, channel);
      float* const to = t.sources + channel / tile_depth * t.count * tile_depth + channel % tile_depth;
      tile_place at(c, t.first);
      for (std::size_t i = 0; i < t.count; ++i, at.advance(c)) {
        const float* const picture = of_channel + at.picture * c.source.from_picture;
        const bool inside = at.row >= c.top && at.column >= c.left && at.row + wide <= c.height + c.top
                            && at.column + wide <= c.width + c.left;
        if (!inside)
          copy_edge<Lanes, Tile>(c, picture, at, edge);
        const float* const from =
            inside ? picture + (at.row - c.top) * c.source.from_row + (at.column - c.left) * c.source.from_pixel : edge;
        read_tile<Lanes, Tile>(from, inside ? c.source.from_row : wide * Lanes, inside ? c.source.from_pixel : Lanes,
                               to + i * tile_depth, t.sources_step);
      }
    }
  }
};

/// Of one tile, a vector of channels: `rows` times `columns` pixels of it.
template <std::size_t Lanes, std::size_t Tile>
[[gnu::always_inline]] inline void write_tile(const winograd& c, const float* from, std::size_t place_step,
                                              const float* bias, float* to, std::size_t rows, std::size_t columns) {
  using v = vector<Lanes>;
  constexpr auto wide = Tile + 2;
  typename v::type part[wide][wide]; // [x][y]
#pragma GCC unroll 8
  for (std::size_t x = 0; x < wide; ++x) {
#pragma GCC unroll 8
    for (std::size_t y = 0; y < wide; ++y)
      part[x][y] = v::at(from + (y * wide + x) * place_step);
    winograd_transform<Tile>::result(part[x]);
  }
  const typename v::type none{};
  const typename v::type least = none + c.least;
  const typename v::type most = none + c.most;
  typename v::type addend = none;
  if (bias) // a ?: would be taken for aligned
    addend = v::at(bias);
#pragma GCC unroll 8
  for (std::size_t y = 0; y < Tile; ++y) {
    typename v::type line[wide];
#pragma GCC unroll 8
    for (std::size_t x = 0; x < wide; ++x)
      line[x] = part[x][y];
    winograd_transform<Tile>::result(line);
    if (y < rows)
#pragma GCC unroll 8
      for (std::size_t x = 0; x < Tile; ++x)
        if (x < columns) {
          typename v::in_memory& pixel = v::at(to + y * c.target.from_row + x * c.target.from_pixel);
          typename v::type sum = line[x] + addend;
          if (c.adds)
            sum += pixel;
          sum = sum < least ? least : sum; // a NaN stays one
          pixel = sum > most ? most : sum;
        }
  }
}

template <std::size_t Lanes, std::size_t Tile>
struct writing {
  [[gnu::always_inline]] static void run(const winograd& c, const winograd_operands& o, const tile_set& t,
                                         std::size_t channel, std::size_t end) {
    tile_place at(c, t.first);
    for (std::size_t i = 0; i < t.count; ++i, at.advance(c)) {
      float* const to =
          o.target + at.picture * c.target.from_picture + at.row * c.target.from_row + at.column * c.target.from_pixel;
      for (auto k = channel; k < end; k += Lanes)
        write_tile<Lanes, Tile>(c, t.sums + i * tile_columns + (k - channel), t.sums_step,
                                o.bias ? o.bias + k : nullptr, to + at_channel(c.target, k),
                                std::min(Tile, c.rows - at.row), std::min(Tile, c.columns - at.column));
    }
  }
};

// A transform for each width of vectors.
template <template <std::size_t, std::size_t> class Work, std::size_t Tile>
void run_any(const winograd& c, const winograd_operands& o, const tile_set& t, std::size_t from, std::size_t end) {
  Work<4, Tile>::run(c, o, t, from, end);
}

template <template <std::size_t, std::size_t> class Work, std::size_t Tile>
BATON_AVX2 void run_avx2(const winograd& c, const winograd_operands& o, const tile_set& t, std::size_t from,
                         std::size_t end) {
  Work<8, Tile>::run(c, o, t, from, end);
}

template <template <std::size_t, std::size_t> class Work, std::size_t Tile>
BATON_AVX512 void run_avx512(const winograd& c, const winograd_operands& o, const tile_set& t, std::size_t from,
                             std::size_t end) {
  Work<16, Tile>::run(c, o, t, from, end);
}

template <std::size_t Tile>
tile_transforms transforms(std::size_t lanes) {
  return {
      for_each_width<read_tiles>{run_any<reading, Tile>, run_avx2<reading, Tile>, run_avx512<reading, Tile>}.of(lanes),
      for_each_width<write_tiles>{run_any<writing, Tile>, run_avx2<writing, Tile>, run_avx512<writing, Tile>}.of(
          lanes)};
}

} // namespace

tile_transforms tile_transforms_of(std::size_t tile, std::size_t lanes) {
  return tile == 2 ? transforms<2>(lanes) : transforms<4>(lanes);
}

} // namespace baton::gpu::cpu
