// Makespan of marginal over a bound that no schedule beats: two unequal GPUs, every speed and interval of the study.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "apps/simulate/seed_cell.hpp"
#include "tests/bench/measure.hpp"

using namespace baton;
using namespace baton::apps;
using bench::must;

namespace {

/// Of the policies one after the other, the mean over the bound and half its 95% interval.
std::vector<simulate::estimate> measure_cell(const simulate::simulation& s) {
  const auto results = must(simulate::run_all(s, [] {}));
  std::vector<std::vector<double>> over(s.policies.size());
  for (std::uint32_t i = 0; i < s.seeds; ++i) {
    const auto bound = must(simulate::bound_of(s, s.first_seed + i));
    for (std::size_t p = 0; p < over.size(); ++p)
      over[p].push_back(static_cast<double>(results[p][i].makespan.count()) / static_cast<double>(bound.count()));
  }
  std::vector<simulate::estimate> result;
  for (const auto& x : over)
    result.push_back(simulate::estimate_of(x));
  return result;
}

void measure(std::uint64_t tasks, std::uint32_t seeds, const std::string& goal) {
  std::printf("%llu tasks, %u seeds: makespan over the bound, mean and 95%% interval. Below: naive\n",
              static_cast<unsigned long long>(tasks), seeds);
  std::printf("  speed");
  for (const auto interval : simulate::seed_intervals_ns)
    std::printf("  %9d us", interval / 1000);
  std::printf("\n");
  simulate::estimate worst;
  double sum = 0;
  double naive = 0;
  for (const auto speed : simulate::seed_speeds) {
    std::string first;
    std::string second;
    for (const auto interval : simulate::seed_intervals_ns) {
      const auto s = must(simulate::make_seed_cell(interval, speed, tasks, {"marginal:makespan", "naive"}, seeds, 1));
      const auto over = measure_cell(s);
      char text[32];
      std::snprintf(text, sizeof text, "  %.3f ±%.3f", over[0].mean, over[0].half_width);
      first += text;
      std::snprintf(text, sizeof text, "  %.3f ±%.3f", over[1].mean, over[1].half_width);
      second += text;
      worst = over[0].mean > worst.mean ? over[0] : worst;
      naive = std::max(naive, over[1].mean);
      sum += over[0].mean;
    }
    std::printf("  %.1f  %s\n       %s\n", speed, first.c_str(), second.c_str());
  }
  std::printf("  worst cell: %.3f ±%.3f\n", worst.mean, worst.half_width);
  const auto name = "seed.tasks_" + std::to_string(tasks);
  bench::print_figure(name + ".worst_cell", worst.mean, "x", goal);
  bench::print_figure(name + ".mean_cell",
                      sum / static_cast<double>(simulate::seed_speeds.size() * simulate::seed_intervals_ns.size()),
                      "x");
  bench::print_figure(name + ".naive_worst_cell", naive, "x");
}

} // namespace

int main() {
  try {
    const auto seeds = static_cast<std::uint32_t>(bench::rounds_wanted(50));
    measure(100, seeds, "<= 1.02");
    measure(10, seeds, "<= 1.03");
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "seed: %s\n", e.what());
    return 1;
  }
}
