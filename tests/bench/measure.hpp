#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "metadata/error.hpp"

/// How benchmarks measure: cases run in turn within rounds, so that a drift of the machine hits all alike; what is
/// reported is the ratio to the first case, round by round.
namespace baton::bench {

struct bench_case {
  std::string name;
  std::function<double()> run; ///< one run; returns its seconds
};

struct summary {
  double median = 0;
  double low = 0; ///< 95% interval of the median, by bootstrap
  double high = 0;
};

summary summarise(std::vector<double> samples);
double percentile(std::vector<double> samples, double p);

/// Runs `rounds` rounds of all cases, each in a new random order, after two rounds of warm-up. Seconds, by case and
/// round.
std::vector<std::vector<double>> interleave(const std::vector<bench_case>& cases, int rounds);

/// The samples of `a` over those of `b`, round by round.
std::vector<double> ratios(const std::vector<double>& a, const std::vector<double>& b);

/// `figure <benchmark>.<case> <value> <unit> goal <= <number>`; `goal` empty: no goal. Read by scripts.
void print_figure(const std::string& name, double value, const std::string& unit, const std::string& goal = {});

/// The value. Throws `std::runtime_error` with the error's sentence if there is none.
template <class T>
T must(expected<T> x) {
  if (!x)
    throw std::runtime_error(x.error().message);
  if constexpr (!std::is_void_v<T>)
    return std::move(*x);
}

/// `ROUNDS` of the environment, or `otherwise`: how long to measure.
int rounds_wanted(int otherwise);

} // namespace baton::bench
