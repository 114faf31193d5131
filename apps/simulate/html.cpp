#include "apps/simulate/html.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "apps/simulate/svg.hpp"

namespace baton::apps::simulate {
namespace {

constexpr std::size_t most_bars = 600;
constexpr std::size_t most_points = 300;

constexpr const char* style = R"(<style>
:root { color-scheme: light dark; --line: #0002; --text: #222; --back: #fff; }
@media (prefers-color-scheme: dark) { :root { --line: #fff3; --text: #ddd; --back: #181818; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); max-width: 1100px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2.2rem; } h3 { font-size: 1rem; font-weight: normal; margin-bottom: .2rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; display: block; overflow-x: auto; }
th, td { text-align: right; padding: .25rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th.words, td.words { text-align: left; }
svg { width: 100%; height: auto; } svg text { font-size: 12px; fill: var(--text); } .grid { stroke: var(--line); }
.key { margin-right: 1.2rem; white-space: nowrap; } .key i { display: inline-block; width: .8rem; height: .8rem; margin-right: .35rem; }
</style>)";

double ms(duration d) {
  return std::chrono::duration<double, std::milli>(d).count();
}

std::string latencies(const simulation& s, const std::vector<story>& told) {
  line_plot plot({"latency, ms", true}, {"requests answered, %"});
  for (std::size_t p = 0; p < told.size(); ++p) {
    std::vector<double> all;
    for (const auto& r : told[p].requests())
      if (r.failure == errc::none && r.end > r.arrival)
        all.push_back(ms(r.end - r.arrival));
    std::sort(all.begin(), all.end());
    std::vector<line_plot::point> points;
    const auto every = std::max<std::size_t>(1, all.size() / most_points);
    for (std::size_t i = 0; i < all.size(); i += every)
      points.push_back({all[i], 100.0 * static_cast<double>(i + 1) / static_cast<double>(told[p].requests().size())});
    if (!all.empty())
      points.push_back(
          {all.back(), 100.0 * static_cast<double>(all.size()) / static_cast<double>(told[p].requests().size())});
    plot.add(s.policies[p], std::move(points));
  }
  return plot.svg();
}

std::string open_requests(const simulation& s, const std::vector<story>& told) {
  line_plot plot({"time, ms"}, {"requests open"});
  for (std::size_t p = 0; p < told.size(); ++p) {
    std::vector<std::pair<time_point, int>> changes;
    for (const auto& r : told[p].requests()) {
      changes.emplace_back(r.arrival, 1);
      changes.emplace_back(r.end, -1);
    }
    std::sort(changes.begin(), changes.end());
    std::vector<line_plot::point> points;
    const auto every = std::max<std::size_t>(1, changes.size() / most_points);
    int open = 0;
    int most = 0; // of the changes that share a point
    for (std::size_t i = 0; i < changes.size(); ++i) {
      most = std::max(most, open += changes[i].second);
      if (i % every == every - 1 || i + 1 == changes.size()) {
        points.push_back({ms(changes[i].first), static_cast<double>(most)});
        most = open;
      }
    }
    plot.add(s.policies[p], std::move(points));
  }
  return plot.svg();
}

std::string beginning(const simulation& s, const story& of) {
  std::vector<std::string> rows;
  std::vector<timeline_bar> bars;
  double until = 0;
  for (const auto& b : of.bars()) {
    if (std::find(rows.begin(), rows.end(), b.row) == rows.end())
      rows.push_back(b.row);
    bars.push_back({b.row, b.model, b.text, ms(b.start), ms(b.end)});
    until = std::max(until, ms(b.end));
  }
  if (bars.empty())
    return "<p>Nothing to show.</p>";
  std::sort(rows.begin(), rows.end());
  std::string keys = "<p>";
  for (std::size_t m = 0; m < s.what.models.size(); ++m)
    keys += fmt::format("<span class='key'><i style='background:{}'></i>{}</span>", colour(m),
                        escaped(s.what.models[m].name));
  return keys + "</p>" + timeline(rows, bars, until, "time, ms");
}

std::string figures(const sweep& s, const std::vector<outcomes>& of) {
  const auto titles = comparison_titles(s);
  const auto words = [&](std::size_t i) {
    return titles[i] == "policy" || titles[i] == "cluster" ? " class='words'" : "";
  };
  std::string html = "<table><tr>";
  for (std::size_t i = 0; i < titles.size(); ++i)
    html += fmt::format("<th{}>{}</th>", words(i), escaped(titles[i]));
  for (const auto& row : comparison_rows(s, of)) {
    html += "</tr><tr>";
    for (std::size_t i = 0; i < row.size(); ++i)
      html += fmt::format("<td{}>{}</td>", words(i), escaped(row[i]));
  }
  return html + "</tr></table>";
}

/// The swept values of a combination, all but one option's.
std::string values_of(const std::vector<swept_value>& at, std::string_view but = {}) {
  std::string text;
  for (const auto& v : at)
    if (v.option != but)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", v.option, v.text);
  return text;
}

/// A figure against the rate: a plot for each combination of the other values.
std::string against_rate(const sweep& s, const std::vector<outcomes>& of, const char* figure,
                         const line_plot::axis& vertical) {
  std::string html;
  for (std::size_t first = 0; first < s.runs.size();) {
    const auto others = values_of(s.at[first], "rate");
    auto last = first;
    while (last < s.runs.size() && values_of(s.at[last], "rate") == others)
      ++last;
    line_plot plot({"requests per second", false, true}, vertical);
    plot.mark_points();
    const auto& policies = s.runs[first].policies;
    for (std::size_t p = 0; p < policies.size(); ++p) {
      std::vector<line_plot::point> points;
      for (auto i = first; i < last; ++i) {
        const auto e = figure_of(figure, of[i][p]);
        points.push_back({s.at[i].back().number, e.mean, e.half_width});
      }
      std::sort(points.begin(), points.end(), [](const auto& a, const auto& b) { return a.x < b.x; });
      plot.add(policies[p], std::move(points));
    }
    html += others.empty() ? plot.svg() : "<h3>" + escaped(others) + "</h3>" + plot.svg();
    first = last;
  }
  return html;
}

std::string devices_of(const simulation& s) {
  std::string devices;
  for (const auto& d : s.what.where->devices.devices)
    devices += fmt::format("{}{} ({})", devices.empty() ? "" : ", ", s.what.where->name(d.id),
                           s.what.where->speeds[d.kind].kind->name);
  return devices;
}

} // namespace

void story::worked(const scheduling::work_record& w) {
  using kind = scheduling::work_record::kind;
  if (bars_.size() >= most_bars || w.what == kind::eviction)
    return;
  const auto& where = *what_.where;
  const bool computes = w.what == kind::compute;
  auto row = computes ? fmt::format("{} lane {}", where.name(w.device), w.lane.value)
             : w.what == kind::plan
                 ? fmt::format("{} plans", where.name(w.device))
                 : fmt::format("{} to {}", where.domains[w.from.value].name, where.domains[w.to.value].name);
  auto text = w.requests.empty() ? std::string{} : fmt::format("request {}, ", w.requests.front().value);
  text += what_.models[w.model].name;
  if (computes)
    text += fmt::format(", layers {} to {}", w.first.layer, w.last.layer);
  else if (w.what != kind::plan)
    text += fmt::format(", {} bytes", w.bytes);
  text += fmt::format(", {:.3f} ms", ms(w.end - w.start));
  bars_.push_back({std::move(row), w.model, std::move(text), w.start, w.end});
}

std::string html_page(const sweep& s, const std::vector<outcomes>& of, const std::vector<story>& told) {
  const auto& last = s.runs.back();
  const auto at = values_of(s.at.back());
  auto page = fmt::format(
      "<!doctype html><html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
      "<title>Baton: a simulation</title>{}<h1>A simulation of {} policies</h1>",
      style, last.policies.size());
  if (s.sweeps("cluster")) {
    for (std::size_t i = 0; i < s.runs.size(); ++i)
      if (i == 0 || s.at[i].front().text != s.at[i - 1].front().text)
        page += fmt::format("<p>{}: {}.</p>", escaped(s.at[i].front().text), escaped(devices_of(s.runs[i])));
  } else {
    page += fmt::format("<p>On {}.</p>", escaped(devices_of(last)));
  }
  page += fmt::format("<p>Figures are means of {} seeds{}; plots over time are of seed {}{}.</p>{}", last.seeds,
                      last.seeds > 1 ? " with 95% intervals" : "", last.first_seed,
                      at.empty() ? "" : " at " + escaped(at), figures(s, of));
  if (s.sweeps("rate"))
    page += "<h2>Requests in time</h2>" + against_rate(s, of, "in_time", {"in time, %", false, false, 100})
            + "<h2>Latency of the slowest 1%</h2>"
            + against_rate(s, of, "p99_ms", {"99th percentile of those answered, ms"});
  return page
         + fmt::format(
             "<h2>Latency{0}</h2>{1}<h2>Requests open{0}</h2>{2}<h2>The beginning under {3}{0}</h2>{4}</html>\n",
             at.empty() ? "" : ", " + escaped(at), latencies(last, told), open_requests(last, told),
             escaped(last.policies.front()), beginning(last, told.front()));
}

} // namespace baton::apps::simulate
