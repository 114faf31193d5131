#include "apps/simulate/seed_cell.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "apps/simulate/lower_bound.hpp"
#include "metadata/measured_models.hpp"
#include "scheduling/cluster_file.hpp"
#include "scheduling/workloads/open_loop.hpp"

namespace baton::apps::simulate {

namespace loads = scheduling::workloads;

expected<simulation> make_seed_cell(int interval_ns, double speed, std::uint64_t tasks,
                                    std::vector<std::string> policies, std::uint32_t seeds, std::uint64_t first_seed) {
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
  s.what.backlog = {};
  s.what.quantum = {};
  s.policies = std::move(policies);
  s.seeds = seeds;
  s.first_seed = first_seed;
  s.requests = [loop](std::uint64_t seed) { return loads::make(loop, seed); };
  return s;
}

expected<time_point> bound_of(const simulation& s, std::uint64_t seed) {
  const auto& where = *s.what.where;
  bound_problem p;
  std::vector<duration> coming; // by model
  duration going = duration::max();
  for (const auto& m : s.what.models) {
    auto& takes = p.takes.emplace_back();
    auto& in = coming.emplace_back(duration::max());
    for (const auto& d : where.devices.devices) {
      const auto& speed = where.speeds[d.kind];
      const auto& table = *m.on(speed.kind->name);
      duration whole{};
      for (std::uint32_t layer = 0; layer < table.layer_count(); ++layer)
        whole += speed.scaled(table.layer(layer, 1));
      takes.push_back(whole);
      in = std::min(in, where.copy_time(metadata::host_domain, d.domain, m.input_bytes));
      going = std::min(going, where.copy_time(d.domain, metadata::host_domain, m.output_bytes));
    }
  }
  auto requests = s.requests(seed);
  if (!requests)
    return tl::unexpected(requests.error());
  while ((*requests)->next()) {
    const auto a = (*requests)->take();
    p.jobs.push_back({a.model, a.at + coming[a.model]});
  }
  const auto bound = makespan_bound(std::move(p));
  return bound ? expected<time_point>(*bound + going) : bound;
}

} // namespace baton::apps::simulate
