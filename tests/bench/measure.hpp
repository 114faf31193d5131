#pragma once

#include <functional>
#include <string>
#include <vector>

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

/// `ROUNDS` of the environment, or `otherwise`: how long to measure.
int rounds_wanted(int otherwise);

} // namespace baton::bench
