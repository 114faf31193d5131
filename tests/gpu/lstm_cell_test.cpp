#include "gpu/cpu/lstm_cell.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include <catch2/catch.hpp>

namespace {

using baton::gpu::cpu::lstm_units;

struct cell_data {
  explicit cell_data(std::size_t n, float spread) : hidden(n), gates(4 * n), before(n), after(n), state(n), result(n) {
    std::mt19937 random{7};
    std::uniform_real_distribution<float> number{-spread, spread};
    for (auto* all : {&gates, &before})
      for (auto& x : *all)
        x = number(random);
  }
  /// Units [first, first + count) as a cell of their own, panel by panel.
  void run(std::size_t first, std::size_t count) {
    const auto panels = (count + lstm_units - 1) / lstm_units;
    std::vector<float> part(4 * lstm_units * panels);
    for (std::size_t gate = 0; gate < 4; ++gate)
      for (std::size_t j = 0; j < count; ++j)
        part[(j / lstm_units * 4 + gate) * lstm_units + j % lstm_units] = gates[gate * hidden + first + j];
    for (std::size_t panel = 0; panel < panels; ++panel)
      baton::gpu::cpu::run({part.data(), part.size(), &before[first], &after[first], &state[first], &result[first], 1,
                            count, panel, panel + 1});
  }

  std::size_t hidden;
  std::vector<float> gates, before, after, state, result;
};

/// Sums beyond 87 count as 87, so what would be below the least normal number is not exact.
constexpr double least = 1e-35;

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

} // namespace

TEST_CASE("an LSTM's cell is that of the formula, for small and for saturated sums", "[gpu]") {
  for (const float spread : {1e-3F, 1.0F, 8.0F, 200.0F}) {
    cell_data d(203, spread);
    d.run(0, d.hidden);
    for (std::size_t j = 0; j < d.hidden; ++j) {
      const auto sum = [&](std::size_t gate) { return static_cast<double>(d.gates[gate * d.hidden + j]); };
      const auto kept = sigmoid(sum(1)) * d.before[j];
      const auto added = sigmoid(sum(0)) * std::tanh(sum(3));
      const auto size = std::abs(kept) + std::abs(added); // they may cancel
      CAPTURE(spread, j);
      CHECK(std::abs(d.after[j] - (kept + added)) <= 1e-6 * size + least);
      const auto h = sigmoid(sum(2)) * std::tanh(static_cast<double>(d.after[j]));
      CHECK(std::abs(d.state[j] - h) <= 1e-6 * std::abs(h) + least);
      CHECK(d.result[j] == d.state[j]);
    }
  }
}

TEST_CASE("a unit of an LSTM has the same bits alone and among others", "[gpu]") {
  cell_data together(67, 5.0F);
  cell_data alone(67, 5.0F);
  together.run(0, together.hidden);
  for (std::size_t j = 0; j < alone.hidden; ++j)
    alone.run(j, 1);
  CHECK(std::memcmp(together.after.data(), alone.after.data(), alone.hidden * sizeof(float)) == 0);
  CHECK(std::memcmp(together.state.data(), alone.state.data(), alone.hidden * sizeof(float)) == 0);
}

TEST_CASE("a NaN in an LSTM's gate stays one and harms no other unit", "[gpu]") {
  cell_data d(40, 1.0F);
  d.gates[40 + 3] = std::numeric_limits<float>::quiet_NaN();
  d.run(0, d.hidden);
  for (std::size_t j = 0; j < d.hidden; ++j) {
    CHECK(std::isnan(d.after[j]) == (j == 3));
    CHECK(std::isnan(d.state[j]) == (j == 3));
  }
}
