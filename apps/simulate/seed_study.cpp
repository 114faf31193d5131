#include "apps/simulate/seed_study.hpp"

#include <vector>

#include <fmt/format.h>

#include "apps/progress.hpp"
#include "apps/simulate/seed_cell.hpp"
#include "apps/table.hpp"
#include "apps/text_file.hpp"

namespace baton::apps::simulate {
namespace {

constexpr std::uint64_t tasks = 100;
const std::vector<std::string> policies{"naive", "fifo", "sjf", "non_naive", "best", "marginal:makespan"};

/// What the makespans of `naive` are over others, seed by seed.
std::vector<double> ratios(const std::vector<outcome>& naive, const std::vector<time_point>& others) {
  std::vector<double> result;
  for (std::size_t i = 0; i < others.size(); ++i)
    result.push_back(static_cast<double>(naive[i].makespan.count()) / static_cast<double>(others[i].count()));
  return result;
}

} // namespace

expected<void> seed_study(std::uint32_t seeds, std::uint64_t first_seed, const std::string& csv) {
  using enum table::align;
  std::string rows = "speed,interval_ns,policy,naive_over_policy,half_width_95\n";
  progress bar{stderr, "study"};
  std::size_t done = 0;
  std::string text;
  for (const auto speed : seed_speeds) {
    std::vector<table::column> columns{{"interval ns", right}};
    for (std::size_t p = 1; p < policies.size(); ++p)
      columns.push_back({policies[p], right});
    columns.push_back({"bound", right});
    table t(std::move(columns));
    for (const auto interval : seed_intervals_ns) {
      const auto s = make_seed_cell(interval, speed, tasks, policies, seeds, first_seed);
      if (!s)
        return tl::unexpected(s.error());
      const auto results = run_all(*s, [] {});
      if (!results)
        return tl::unexpected(results.error());
      std::vector<std::string> row{std::to_string(interval)};
      for (std::size_t p = 1; p <= policies.size(); ++p) {
        std::vector<time_point> ends;
        for (std::uint32_t i = 0; i < seeds; ++i) {
          if (p < policies.size()) {
            ends.push_back((*results)[p][i].makespan);
            continue;
          }
          const auto bound = bound_of(*s, first_seed + i);
          if (!bound)
            return tl::unexpected(bound.error());
          ends.push_back(*bound);
        }
        const auto e = estimate_of(ratios((*results)[0], ends));
        row.push_back(fmt::format("{:.3f} ±{:.3f}", e.mean, e.half_width));
        rows += fmt::format("{},{},{},{},{}\n", speed, interval, p < policies.size() ? policies[p] : "bound", e.mean,
                            e.half_width);
      }
      t.add(std::move(row));
      bar.update(static_cast<double>(++done) / (seed_intervals_ns.size() * seed_speeds.size()),
                 fmt::format("speed {}", speed));
    }
    text += fmt::format("\nLatencies of the GTX 1080 Ti times {}\n{}", speed, t.text());
  }
  bar.finish();
  fmt::print("Makespan of naive over that of each policy; below 1 is worse than naive. The bound: over a time before "
             "which no schedule ends. {} tasks, {} seeds.\n{}",
             tasks, seeds, text);
  return csv.empty() ? expected<void>{} : write_text_file(csv, rows);
}

} // namespace baton::apps::simulate
