#include "apps/simulate/goodput.hpp"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/defaults.hpp"
#include "apps/simulate/on_all_cores.hpp"
#include "apps/simulate/oracle.hpp"
#include "apps/table.hpp"

namespace baton::apps::simulate {

expected<goodput_search> goodput_search::make(const input_options& o, double percent) {
  if (o.requests.slo <= 0)
    return fail(errc::bad_argument, "--goodput: without --slo no request has a deadline");
  if (!come_at_rate(o.requests))
    return fail(errc::bad_argument, "--goodput: these requests do not come at a rate");
  goodput_search s;
  const auto values = swept_values_of(o);
  if (!values)
    return tl::unexpected(values.error());
  const auto& [rates, cvs, clusters] = *values;
  if (rates.size() > 1)
    return fail(errc::bad_argument, "--rate: with --goodput it is where the search begins: one value");
  s.requests_ = o.requests;
  s.percent_ = percent;
  s.first_ = rates.front();
  for (const auto& cluster : clusters) {
    const auto base = make_simulation(o, cluster);
    if (!base)
      return tl::unexpected(base.error());
    for (const auto cv : cvs) {
      auto& p = s.places_.emplace_back(place{{}, cv, *base});
      if (clusters.size() > 1)
        p.at.push_back({"cluster", cluster, 0});
      if (cvs.size() > 1)
        p.at.push_back({"cv", fmt::format("{}", cv), cv});
    }
  }
  return s;
}

expected<std::vector<goodput>> goodput_search::run(const std::function<void()>& done) const {
  std::vector<goodput> all;
  for (const auto& p : places_)
    for (const auto& policy : policies())
      all.push_back({p.at, policy, std::vector<double>(seeds())});
  const auto one = [&](std::size_t i) -> expected<void> {
    const auto which = i / seeds();
    const auto& p = places_[which / policies().size()];
    const auto rate = search(p, all[which].policy, p.what.first_seed + i % seeds());
    if (!rate)
      return tl::unexpected(rate.error());
    all[which].rates[i % seeds()] = *rate;
    return {};
  };
  if (auto ran = on_all_cores(searches(), places_.front().what.threads, one, done); !ran)
    return tl::unexpected(ran.error());
  return all;
}

expected<double> goodput_search::search(const place& p, const std::string& policy, std::uint64_t seed) const {
  double low = 0;
  double high = 0;
  for (auto rate = first_; low == 0 || high == 0; rate = high == 0 ? 2 * rate : rate / 2) {
    const auto good = attains(p, policy, seed, rate);
    if (!good)
      return tl::unexpected(good.error());
    (*good ? low : high) = rate;
    if (low == 0 && rate < first_ / defaults::goodput_range)
      return 0;
    if (high == 0 && rate > first_ * defaults::goodput_range)
      return fail(errc::bad_argument,
                  "--goodput: " + policy + " has the requests in time at any rate: give more --requests or less --slo");
  }
  while (high > low * (1 + defaults::goodput_precision)) {
    const auto rate = std::sqrt(low * high);
    const auto good = attains(p, policy, seed, rate);
    if (!good)
      return tl::unexpected(good.error());
    (*good ? low : high) = rate;
  }
  return low;
}

expected<bool> goodput_search::attains(const place& p, const std::string& policy, std::uint64_t seed,
                                       double rate) const {
  auto requests = make_requests(requests_, {rate, p.cv}, p.what.what);
  if (!requests)
    return tl::unexpected(requests.error());
  if (policy == oracle_policy) {
    const auto come = (*requests)(seed);
    if (!come)
      return tl::unexpected(come.error());
    std::vector<scheduling::workloads::arrival> all;
    while ((*come)->next())
      all.push_back((*come)->take());
    const auto enough = percent_ / 100 * static_cast<double>(all.size());
    return most_in_time(relax(p.what.what, all), enough) >= enough;
  }
  auto at_rate = p.what;
  at_rate.requests = std::move(*requests);
  const auto came = run_one(at_rate, policy, seed);
  if (!came)
    return tl::unexpected(came.error());
  return static_cast<double>(came->in_time) * 100 >= percent_ * static_cast<double>(came->requests);
}

std::string goodput_table(const std::vector<goodput>& all) {
  using enum table::align;
  std::vector<table::column> columns;
  for (const auto& v : all.front().at)
    columns.push_back({v.option, v.option == "cluster" ? left : right});
  columns.push_back({"policy", left});
  columns.push_back({"requests/s", right});
  table t(std::move(columns));
  for (const auto& g : all) {
    std::vector<std::string> row;
    for (const auto& v : g.at)
      row.push_back(v.text);
    row.push_back(g.policy);
    const auto e = estimate_of(g.rates);
    row.push_back(g.rates.size() > 1 ? fmt::format("{:.1f} ±{:.1f}", e.mean, e.half_width)
                                     : fmt::format("{:.1f}", e.mean));
    t.add(std::move(row));
  }
  return t.text();
}

std::string goodput_csv(const std::vector<goodput>& all, std::uint64_t first_seed) {
  std::string text;
  for (const auto& v : all.front().at)
    text += v.option + ',';
  text += "policy,seed,rate\n";
  for (const auto& g : all)
    for (std::size_t i = 0; i < g.rates.size(); ++i) {
      for (const auto& v : g.at)
        text += v.text + ',';
      text += fmt::format("{},{},{}\n", g.policy, first_seed + i, g.rates[i]);
    }
  return text;
}

std::string goodput_json(const std::vector<goodput>& all, double percent) {
  nlohmann::ordered_json report{{"percent_in_time", percent}};
  for (const auto& g : all) {
    nlohmann::ordered_json row;
    for (const auto& v : g.at)
      if (v.option == "cluster")
        row["cluster"] = v.text;
      else
        row[v.option] = v.number;
    row["policy"] = g.policy;
    const auto e = estimate_of(g.rates);
    row["rate"] = {{"mean", e.mean}, {"half_width_95", e.half_width}, {"runs", g.rates}};
    report["goodput"].push_back(std::move(row));
  }
  return report.dump(2) + '\n';
}

} // namespace baton::apps::simulate
