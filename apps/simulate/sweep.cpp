#include "apps/simulate/sweep.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "apps/simulate/values.hpp"

namespace baton::apps::simulate {

bool sweep::sweeps(const std::string& option) const {
  return std::any_of(at.front().begin(), at.front().end(), [&](const auto& v) { return v.option == option; });
}

expected<swept_values> swept_values_of(const input_options& o) {
  auto rates = rates_of(o.requests);
  if (!rates)
    return tl::unexpected(rates.error());
  auto cvs = cvs_of(o.requests);
  if (!cvs)
    return tl::unexpected(cvs.error());
  auto clusters = clusters_of(o);
  if (!clusters)
    return tl::unexpected(clusters.error());
  return swept_values{std::move(*rates), std::move(*cvs), std::move(*clusters)};
}

expected<sweep> make_sweep(const input_options& o) {
  const auto values = swept_values_of(o);
  if (!values)
    return tl::unexpected(values.error());
  const auto& [rates, cvs, clusters] = *values;
  sweep all;
  for (const auto& cluster : clusters) {
    auto base = make_simulation(o, cluster);
    if (!base)
      return tl::unexpected(base.error());
    for (const auto cv : cvs)
      for (const auto rate : rates) {
        auto requests = make_requests(o.requests, {rate, cv}, base->what);
        if (!requests)
          return tl::unexpected(requests.error());
        all.runs.push_back(*base);
        all.runs.back().requests = std::move(*requests);
        auto& at = all.at.emplace_back();
        if (clusters.size() > 1)
          at.push_back({"cluster", cluster, 0});
        if (cvs.size() > 1)
          at.push_back({"cv", fmt::format("{}", cv), cv});
        if (rates.size() > 1)
          at.push_back({"rate", fmt::format("{}", rate), rate});
      }
  }
  return all;
}

} // namespace baton::apps::simulate
