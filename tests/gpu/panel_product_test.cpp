#include "gpu/cpu/panel_product.hpp"

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include <catch2/catch.hpp>

namespace {

using baton::gpu::cpu::panel_columns;
using baton::gpu::cpu::panel_product;

struct product_data {
  product_data(std::size_t row_count, std::size_t depth_, std::size_t panel_count)
      : rows(row_count), depth(depth_), panels(panel_count), wide(panels * panel_columns), factors(rows * depth),
        weights(depth * wide), initial(rows * wide), sums(rows * wide) {
    std::mt19937 random{7};
    std::uniform_real_distribution<float> number{-1, 1};
    for (auto* all : {&factors, &weights, &initial})
      for (auto& x : *all)
        x = number(random);
  }
  panel_product whole() { return rows_from(0, rows); }
  panel_product rows_from(std::size_t first, std::size_t count) {
    return {.factors = &factors[first * depth],
            .factors_step = depth,
            .initial = &initial[first * wide],
            .initial_step = wide,
            .sums = &sums[first * wide],
            .sums_step = wide,
            .weights = weights.data(),
            .rows = count,
            .depth = depth,
            .panels = panels};
  }
  double expected(std::size_t row, std::size_t column) const {
    double sum = initial[row * wide + column];
    for (std::size_t k = 0; k < depth; ++k)
      sum += double{factors[row * depth + k]}
             * weights[(column / panel_columns * depth + k) * panel_columns + column % panel_columns];
    return sum;
  }

  std::size_t rows, depth, panels, wide;
  std::vector<float> factors, weights, initial, sums;
};

} // namespace

TEST_CASE("a product by panels is that of the formula, for any number of rows and panels in either order", "[gpu]") {
  const auto rows = GENERATE(range(std::size_t{1}, std::size_t{20}));
  const auto panels = GENERATE(std::size_t{1}, std::size_t{2}, std::size_t{5});
  const auto backwards = GENERATE(false, true);
  product_data d(rows, 37, panels);
  auto p = d.whole();
  p.backwards = backwards;
  run(p);
  double furthest = 0;
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t column = 0; column < d.wide; ++column)
      furthest = std::max(furthest, std::abs(d.sums[row * d.wide + column] - d.expected(row, column)));
  CAPTURE(rows, panels, backwards);
  CHECK(furthest <= 1e-5);
}

TEST_CASE("a row of a product by panels has the same bits alone, among others, and in either order", "[gpu]") {
  product_data together(17, 70, 3);
  run(together.whole());
  for (const auto at_once : {1, 2, 3, 4, 5, 8}) {
    product_data apart(17, 70, 3);
    for (std::size_t row = 0; row < apart.rows; row += static_cast<std::size_t>(at_once)) {
      auto p = apart.rows_from(row, std::min<std::size_t>(static_cast<std::size_t>(at_once), apart.rows - row));
      p.backwards = row % 2 == 0;
      run(p);
    }
    CAPTURE(at_once);
    CHECK(std::memcmp(together.sums.data(), apart.sums.data(), together.sums.size() * sizeof(float)) == 0);
  }
}

TEST_CASE("a product by panels starts from one row for all, and may start from its own sums", "[gpu]") {
  product_data d(3, 11, 2);
  auto p = d.whole();
  p.initial_step = 0;
  run(p);
  for (std::size_t row = 0; row < d.rows; ++row)
    for (std::size_t column = 0; column < d.wide; ++column) {
      const double start = d.initial[column] - double{d.initial[row * d.wide + column]};
      CHECK(std::abs(d.sums[row * d.wide + column] - d.expected(row, column) - start) <= 1e-5);
    }
  auto again = d.whole();
  d.sums = d.initial;
  again.initial = d.sums.data();
  run(again);
  for (std::size_t row = 0; row < d.rows; ++row)
    for (std::size_t column = 0; column < d.wide; ++column)
      CHECK(std::abs(d.sums[row * d.wide + column] - d.expected(row, column)) <= 1e-5);
}
