#include "gpu/cpu/tile_product.hpp"

#include <algorithm>

#include "gpu/cpu/vectors.hpp"

namespace baton::gpu::cpu {
namespace {

// NOLINTBEGIN(readability-misleading-indentation): clang-tidy does not see what stands between two loops

/// Depth whose weights stay in the first-level cache while all rows go by: 16 KiB.
constexpr std::size_t depth_at_once = 128;
/// Depth by which weights are fetched into that cache ahead of their use: they pass only once, and without it wait for
/// the second-level cache half of the time.
constexpr std::size_t depth_ahead = 16;

/// Some rows, a vector or two of columns, some depth.
struct piece {
  const float* factors;
  std::size_t factors_step; ///< from one block of depth to the next
  const float* weights;
  std::size_t weights_step; ///< from one row to the next
  float* sums;
  std::size_t blocks; ///< of depth
  bool goes_on;       ///< from the sums that are there
  /// Weights of the depth that comes next, or of the next product, for the second-level cache. Each group of rows
  /// fetches its share of them, so that memory has as long for it as all of them compute.
  const float* next;
  std::size_t next_step;
};

/// All sums stay in registers.
template <std::size_t Lanes, std::size_t Rows, std::size_t Vectors>
[[gnu::always_inline]] inline void run_piece(const piece& p) {
  using v = vector<Lanes>;
  constexpr int keep_in_second_level = 2;
  typename v::type sums[Rows][Vectors];
#pragma GCC unroll 16
  for (std::size_t r = 0; r < Rows; ++r)
#pragma GCC unroll 16
    for (std::size_t j = 0; j < Vectors; ++j) {
      typename v::type sum{};
      if (p.goes_on)
        sum = v::at(p.sums + r * tile_columns + j * Lanes);
      sums[r][j] = sum;
    }
  const auto* factors = p.factors;
  const auto* weights = p.weights;
  const auto* next = p.next;
  const auto ahead = depth_ahead * p.weights_step;
  for (std::size_t b = 0; b < p.blocks; ++b, factors += p.factors_step)
#pragma GCC unroll 4
    for (std::size_t k = 0; k < tile_depth; ++k, weights += p.weights_step, next += p.next_step) {
      typename v::type w[Vectors];
#pragma GCC unroll 16
      for (std::size_t j = 0; j < Vectors; ++j) {
        w[j] = v::at(weights + j * Lanes);
        __builtin_prefetch(weights + ahead + j * Lanes);
      }
      __builtin_prefetch(next, 0, keep_in_second_level);
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
      v::at(p.sums + r * tile_columns + j * Lanes) = sums[r][j];
}

// NOLINTEND(readability-misleading-indentation)

template <std::size_t Lanes, std::size_t Rows, std::size_t Vectors>
[[gnu::always_inline]] inline void run_rows(std::size_t rows, const piece& p) {
  if constexpr (Rows > 1)
    if (rows < Rows)
      return run_rows<Lanes, Rows - 1, Vectors>(rows, p);
  run_piece<Lanes, Rows, Vectors>(p);
}

/// `Rows` at most at once, in groups as equal as can be.
template <std::size_t Lanes, std::size_t Rows, std::size_t Vectors>
[[gnu::always_inline]] inline void run_columns(const tile_product& p) {
  const auto groups = (p.rows + Rows - 1) / Rows;
  for (std::size_t k = 0; k < p.depth; k += depth_at_once) {
    const auto depth = std::min(depth_at_once, p.depth - k);
    const auto* const weights = p.weights + k * p.columns;
    for (std::size_t column = 0; column < p.columns; column += Vectors * Lanes)
      for (std::size_t g = 0; g < groups; ++g) {
        const auto row = p.rows * g / groups;
        run_rows<Lanes, Rows, Vectors>(p.rows * (g + 1) / groups - row,
                                       {.factors = p.factors + k / tile_depth * p.factors_step + row * tile_depth,
                                        .factors_step = p.factors_step,
                                        .weights = weights + column,
                                        .weights_step = p.columns,
                                        .sums = p.sums + row * tile_columns + column,
                                        .blocks = depth / tile_depth,
                                        .goes_on = k > 0,
                                        .next = weights + depth * p.columns * (groups + g) / groups,
                                        .next_step = p.columns / groups});
      }
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
