#include "gpu/cpu/panel_product.hpp"

#include <algorithm>

#include "gpu/cpu/vectors.hpp"

namespace baton::gpu::cpu {
namespace {

// NOLINTBEGIN(readability-misleading-indentation): clang-tidy does not see what stands between two loops

/// `Rows` rows from `row` on; of each of `Panels` panels, `Vectors` vectors from `column` on. All sums stay in
/// registers.
template <std::size_t Lanes, std::size_t Rows, std::size_t Vectors, std::size_t Panels = 1>
[[gnu::always_inline]] inline void run_tile(const panel_product& p, std::size_t panel, std::size_t row,
                                            std::size_t column) {
  using v = vector<Lanes>;
  typename v::type sums[Panels][Rows][Vectors];
  const auto depth = p.depth;
  const auto panel_step = depth * panel_columns;
  const auto factors_step = p.factors_step;
  const float* factors = p.factors + row * factors_step;
  const float* weights = p.weights + panel * panel_step + column;
  const auto first = panel * panel_columns + column;
#pragma GCC unroll 16
  for (std::size_t i = 0; i < Panels; ++i)
#pragma GCC unroll 16
    for (std::size_t r = 0; r < Rows; ++r)
#pragma GCC unroll 16
      for (std::size_t j = 0; j < Vectors; ++j)
        sums[i][r][j] = v::at(p.initial + (row + r) * p.initial_step + first + i * panel_columns + j * Lanes);
  for (std::size_t k = 0; k < depth; ++k, weights += panel_columns)
#pragma GCC unroll 16
    for (std::size_t i = 0; i < Panels; ++i) {
      typename v::type w[Vectors];
#pragma GCC unroll 16
      for (std::size_t j = 0; j < Vectors; ++j)
        w[j] = v::at(weights + i * panel_step + j * Lanes);
#pragma GCC unroll 16
      for (std::size_t r = 0; r < Rows; ++r)
#pragma GCC unroll 16
        for (std::size_t j = 0; j < Vectors; ++j)
          sums[i][r][j] += factors[r * factors_step + k] * w[j];
    }
#pragma GCC unroll 16
  for (std::size_t i = 0; i < Panels; ++i)
#pragma GCC unroll 16
    for (std::size_t r = 0; r < Rows; ++r)
#pragma GCC unroll 16
      for (std::size_t j = 0; j < Vectors; ++j)
        v::at(p.sums + (row + r) * p.sums_step + first + i * panel_columns + j * Lanes) = sums[i][r][j];
}

// NOLINTEND(readability-misleading-indentation)

/// Calls `f` with 0, step, 2 * step, ... below `end`, or in the opposite order.
template <class F>
[[gnu::always_inline]] inline void in_order(std::size_t end, std::size_t step, bool backwards, F f) {
  for (std::size_t i = 0; i < end; i += step)
    f(backwards ? end - step - i : i);
}

/// One row: as many sums at once as hide what one addition takes.
template <std::size_t Lanes>
[[gnu::always_inline]] inline void run_row(const panel_product& p) {
  constexpr std::size_t at_once = 8;
  constexpr auto vectors = std::min(at_once, panel_columns / Lanes);
  constexpr auto together = at_once / vectors;
  const auto end = p.panels / together * together;
  const auto rest = [&] {
    for (auto panel = end; panel < p.panels; ++panel)
      for (std::size_t j = 0; j < panel_columns; j += vectors * Lanes)
        run_tile<Lanes, 1, vectors>(p, panel, 0, j);
  };
  if (p.backwards)
    rest();
  in_order(
      end, together, p.backwards, [&](std::size_t panel) __attribute__((always_inline)) {
        for (std::size_t j = 0; j < panel_columns; j += vectors * Lanes)
          run_tile<Lanes, 1, vectors, together>(p, panel, 0, j);
      });
  if (!p.backwards)
    rest();
}

template <std::size_t Lanes, std::size_t Vectors>
[[gnu::always_inline]] inline void run_all(const panel_product& p) {
  if (p.rows == 1)
    return run_row<Lanes>(p);
  in_order(
      p.panels, 1, p.backwards, [&](std::size_t panel) __attribute__((always_inline)) {
        for (std::size_t j = 0; j < panel_columns; j += Vectors * Lanes) {
          std::size_t row = 0;
          for (auto left = p.rows; left > 0; left = p.rows - row)
            if (left >= 6 && left != 8) { // 4 and 4 are faster than 6 and 2
              run_tile<Lanes, 6, Vectors>(p, panel, row, j);
              row += 6;
            } else if (left >= 4) {
              run_tile<Lanes, 4, Vectors>(p, panel, row, j);
              row += 4;
            } else if (left >= 2) {
              run_tile<Lanes, 2, Vectors>(p, panel, row, j);
              row += 2;
            } else {
              run_tile<Lanes, 1, Vectors>(p, panel, row, j);
              row += 1;
            }
        }
      });
}

// Vectors at once: six rows of sums, the weights and a factor fill the registers.
void run_any(const panel_product& p) {
  run_all<4, 1>(p);
}

BATON_AVX2 void run_avx2(const panel_product& p) {
  run_all<8, 2>(p);
}

BATON_AVX512 void run_avx512(const panel_product& p) {
  run_all<16, 4>(p);
}

} // namespace

void run(const panel_product& p) {
  static const auto chosen =
      for_each_width<void (*)(const panel_product&)>{run_any, run_avx2, run_avx512}.of(widest_vector());
  chosen(p);
}

} // namespace baton::gpu::cpu
