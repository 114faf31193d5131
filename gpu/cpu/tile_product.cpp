#include "gpu/cpu/tile_product.hpp"

#include <algorithm>

#include "gpu/cpu/vectors.hpp"

namespace baton::gpu::cpu {
namespace {

/// Depth whose weights stay in the first-level cache while all rows go by: 16 KiB.
constexpr std::size_t depth_at_once = 128;
/// Depth that is fetched ahead, also beyond the product's end, where the next one's weights lie: the weights pass only
/// once, and without it wait for the second-level cache half of the time.
constexpr std::size_t depth_ahead = 16;

/// `Rows` rows, `Vectors` vectors of columns, `blocks` blocks of depth. All sums stay in registers.
template <std::size_t Lanes, std::size_t Rows, std::size_t Vectors>
[[gnu::always_inline]] inline void run_piece(const tile_product& p, const float* factors, const float* weights,
                                             float* to, std::size_t blocks, bool goes_on) {
  using v = vector<Lanes>;
  typename v::type sums[Rows][Vectors];
#pragma GCC unroll 16
  for (std::size_t r = 0; r < Rows; ++r)
#pragma GCC unroll 16
    for (std::size_t j = 0; j < Vectors; ++j) {
      typename v::type sum{};
      if (goes_on)
        sum = v::at(to + r * tile_columns + j * Lanes);
      sums[r][j] = sum;
    }
  for (std::size_t b = 0; b < blocks; ++b, factors += p.factors_step)
#pragma GCC unroll 4
    for (std::size_t k = 0; k < tile_depth; ++k, weights += p.columns) {
      typename v::type w[Vectors];
#pragma GCC unroll 16
      for (std::size_t j = 0; j < Vectors; ++j)
        w[j] = v::at(weights + j * Lanes);
#pragma GCC unroll 16
      for (std::size_t j = 0; j < Vectors; ++j)
        __builtin_prefetch(weights + depth_ahead * tile_columns + j * Lanes);
#pragma GCC unroll 16
      for (std::size_t r = 0; r < Rows; ++r)
#pragma GCC unroll 16
        for (std::size_t j = 0; j < Vectors; ++j)
          sums[r][j] += factors[r * tile_depth + k] * w[j];
    }
#pragma GCC unroll 16
  for (std::size_t r = 0; r < Rows; ++r)
#pragma GCC unroll 16
    for (std::size_t j = 0; j < Vectors; ++j)
      v::at(to + r * tile_columns + j * Lanes) = sums[r][j];
}

template <std::size_t Lanes, std::size_t Rows, std::size_t Vectors>
[[gnu::always_inline]] inline void run_rows(std::size_t rows, const tile_product& p, const float* factors,
                                            const float* weights, float* to, std::size_t blocks, bool goes_on) {
  if constexpr (Rows > 1)
    if (rows < Rows)
      return run_rows<Lanes, Rows - 1, Vectors>(rows, p, factors, weights, to, blocks, goes_on);
  run_piece<Lanes, Rows, Vectors>(p, factors, weights, to, blocks, goes_on);
}

/// `Rows` at most at once, in groups as equal as can be.
template <std::size_t Lanes, std::size_t Rows, std::size_t Vectors>
[[gnu::always_inline]] inline void run_columns(const tile_product& p) {
  const auto groups = (p.rows + Rows - 1) / Rows;
  for (std::size_t k = 0; k < p.depth; k += depth_at_once)
    for (std::size_t column = 0; column < p.columns; column += Vectors * Lanes)
      for (std::size_t g = 0; g < groups; ++g) {
        const auto row = p.rows * g / groups;
        run_rows<Lanes, Rows, Vectors>(p.rows * (g + 1) / groups - row, p,
                                       p.factors + k / tile_depth * p.factors_step + row * tile_depth,
                                       p.weights + k * p.columns + column, p.sums + row * tile_columns + column,
                                       std::min(depth_at_once, p.depth - k) / tile_depth, k > 0);
      }
}

// The sums, the weights and a factor fill the registers.
void run_any(const tile_product& p) {
  run_columns<4, 6, 2>(p);
}

BATON_AVX2 void run_avx2(const tile_product& p) {
  run_columns<8, 6, 2>(p);
}

BATON_AVX512 void run_avx512(const tile_product& p) {
  if (p.columns == tile_columns)
    run_columns<16, 14, 2>(p);
  else
    run_columns<16, 14, 1>(p);
}

} // namespace

run_tile_product tile_product_with(std::size_t lanes) {
  return for_each_width<run_tile_product>{run_any, run_avx2, run_avx512}.of(lanes);
}

} // namespace baton::gpu::cpu
