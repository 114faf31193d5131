#include "apps/simulate/seed_study.hpp"

#include <array>
#include <vector>

#include <fmt/format.h>

#include "apps/progress.hpp"
#include "apps/simulate/simulation.hpp"
#include "apps/table.hpp"
#include "apps/text_file.hpp"
#include "metadata/measured_models.hpp"
#include "scheduling/cluster_file.hpp"
#include "scheduling/workloads/open_loop.hpp"

namespace baton::apps::simulate {
namespace {

namespace loads = scheduling::workloads;

constexpr std::array intervals_ns{10'000, 100'000, 500'000, 1'000'000, 5'000'000, 10'000'000, 100'000'000};
constexpr std::array speeds{0.3, 0.4, 0.5, 0.6, 0.7, 0.8};
constexpr std::uint64_t tasks = 100;
const std::vector<std::string> policies{"naive", "fifo", "sjf", "non_naive", "best"};

expected<simulation> cell(int interval_ns, double speed, std::uint32_t seeds, std::uint64_t first_seed) {
  auto where = scheduling::parse_cluster(fmt::format(
      R"({{"nodes": [{{"name": "a", "devices": [{{"kind": "RTX 2060"}}, {{"kind": "GTX 1080 Ti", "latency_scale": {}}}]}}]}})",
      speed));
  if (!where)
    return tl::unexpected(where.error());
  simulation s;
  s.what.where = std::make_shared<const scheduling::cluster_description>(std::move(*where));
  loads::open_loop loop{
      .intervals = {.mean = duration(interval_ns)}, .phases = {}, .mix = {}, .span = {.requests = tasks}};
  for (const auto& m : metadata::measured_models()) {
    loop.mix.push_back({.model = static_cast<std::uint32_t>(s.what.models.size())});
    s.what.models.push_back(m);
  }
  s.what.backlog = {}; // as in the study: a GPU has one task
  s.policies = policies;
  s.seeds = seeds;
  s.first_seed = first_seed;
  s.requests = [loop](std::uint64_t seed) { return loads::make(loop, seed); };
  return s;
}

} // namespace

expected<void> seed_study(std::uint32_t seeds, std::uint64_t first_seed, const std::string& csv) {
  using enum table::align;
  std::string rows = "speed,interval_ns,policy,naive_over_policy,half_width_95\n";
  progress bar{stderr, "study"};
  std::size_t done = 0;
  std::string text;
  for (const auto speed : speeds) {
    std::vector<table::column> columns{{"interval ns", right}};
    for (std::size_t p = 1; p < policies.size(); ++p)
      columns.push_back({policies[p], right});
    table t(std::move(columns));
    for (const auto interval : intervals_ns) {
      const auto s = cell(interval, speed, seeds, first_seed);
      if (!s)
        return tl::unexpected(s.error());
      const auto results = run_all(*s, [] {});
      if (!results)
        return tl::unexpected(results.error());
      std::vector<std::string> row{std::to_string(interval)};
      for (std::size_t p = 1; p < policies.size(); ++p) {
        std::vector<double> ratios;
        for (std::size_t i = 0; i < seeds; ++i)
          ratios.push_back(static_cast<double>((*results)[0][i].makespan.count())
                           / static_cast<double>((*results)[p][i].makespan.count()));
        const auto e = estimate_of(ratios);
        row.push_back(fmt::format("{:.3f} ±{:.3f}", e.mean, e.half_width));
        rows += fmt::format("{},{},{},{},{}\n", speed, interval, policies[p], e.mean, e.half_width);
      }
      t.add(std::move(row));
      bar.update(static_cast<double>(++done) / (intervals_ns.size() * speeds.size()), fmt::format("speed {}", speed));
    }
    text += fmt::format("\nLatencies of the GTX 1080 Ti times {}\n{}", speed, t.text());
  }
  bar.finish();
  fmt::print("Makespan of naive over that of each policy; below 1 is worse than naive. {} tasks, {} seeds.\n{}", tasks,
             seeds, text);
  return csv.empty() ? expected<void>{} : write_text_file(csv, rows);
}

} // namespace baton::apps::simulate
