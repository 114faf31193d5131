#include "tests/bench/measure.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <random>

namespace baton::bench {

namespace {

double median(std::vector<double>& x) {
  auto middle = x.begin() + static_cast<std::ptrdiff_t>(x.size() / 2);
  std::nth_element(x.begin(), middle, x.end());
  return *middle;
}

} // namespace

summary summarise(std::vector<double> samples) {
  if (samples.empty())
    return {};
  std::mt19937_64 random{1};
  std::uniform_int_distribution<std::size_t> pick(0, samples.size() - 1);
  std::vector<double> medians;
  for (int i = 0; i < 1000; ++i) {
    std::vector<double> again(samples.size());
    for (auto& x : again)
      x = samples[pick(random)];
    medians.push_back(median(again));
  }
  return {median(samples), percentile(medians, 0.025), percentile(medians, 0.975)};
}

double percentile(std::vector<double> samples, double p) {
  if (samples.empty())
    return 0;
  auto last = static_cast<double>(samples.size() - 1);
  auto at = samples.begin() + static_cast<std::ptrdiff_t>(std::lround(p * last));
  std::nth_element(samples.begin(), at, samples.end());
  return *at;
}

std::vector<std::vector<double>> interleave(const std::vector<bench_case>& cases, int rounds) {
  constexpr int warm_up = 2;
  std::vector<std::vector<double>> seconds(cases.size());
  std::vector<std::size_t> order(cases.size());
  std::iota(order.begin(), order.end(), 0);
  std::mt19937_64 random{7};
  for (int round = -warm_up; round < rounds; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    for (auto i : order) {
      auto s = cases[i].run();
      if (round >= 0)
        seconds[i].push_back(s);
    }
    if (round >= 0 && (round + 1) % std::max(1, rounds / 10) == 0)
      std::fprintf(stderr, "measured %d of %d rounds\n", round + 1, rounds);
  }
  return seconds;
}

std::vector<double> ratios(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> result;
  for (std::size_t i = 0; i < a.size(); ++i)
    result.push_back(a[i] / b[i]);
  return result;
}

void print_figure(const std::string& name, double value, const std::string& unit, const std::string& goal) {
  std::printf("figure %s %.4g %s%s%s\n", name.c_str(), value, unit.c_str(), goal.empty() ? "" : " goal ", goal.c_str());
}

int rounds_wanted(int otherwise) {
  const char* given = std::getenv("ROUNDS");
  return given ? std::max(1, std::atoi(given)) : otherwise;
}

} // namespace baton::bench
