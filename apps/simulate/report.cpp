#include "apps/simulate/report.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/table.hpp"

namespace baton::apps::simulate {
namespace {

double ms(duration d) {
  return std::chrono::duration<double, std::milli>(d).count();
}

/// A figure of a run.
struct measure {
  const char* name;
  const char* title;
  double (*of)(const outcome&);
  int digits;
};

constexpr std::array measures{
    measure{"makespan_ms", "makespan ms", [](const outcome& o) { return ms(o.makespan); }, 2},
    measure{"throughput", "answers/s",
            [](const outcome& o) {
              return o.makespan > duration{} ? static_cast<double>(o.answered) / ms(o.makespan) * 1e3 : 0.0;
            },
            1},
    measure{"mean_ms", "mean ms", [](const outcome& o) { return ms(o.mean); }, 3},
    measure{"p50_ms", "p50 ms", [](const outcome& o) { return ms(o.p50); }, 3},
    measure{"p99_ms", "p99 ms", [](const outcome& o) { return ms(o.p99); }, 3},
    measure{"in_time", "in time %",
            [](const outcome& o) {
              return o.requests > 0 ? 100.0 * static_cast<double>(o.in_time) / static_cast<double>(o.requests) : 0.0;
            },
            2},
    measure{"busy", "busy %", [](const outcome& o) { return 100 * o.busy; }, 1},
    measure{"preemptions", "preemptions", [](const outcome& o) { return static_cast<double>(o.preemptions); }, 1},
    measure{"moves", "moves", [](const outcome& o) { return static_cast<double>(o.moves); }, 1},
    measure{"evictions", "evictions", [](const outcome& o) { return static_cast<double>(o.evictions); }, 1},
};

estimate over_seeds(const measure& m, const std::vector<outcome>& seeds) {
  std::vector<double> samples;
  samples.reserve(seeds.size());
  for (const auto& o : seeds)
    samples.push_back(m.of(o));
  return estimate_of(samples);
}

nlohmann::ordered_json devices_of(const simulation& s) {
  nlohmann::ordered_json all;
  for (const auto& d : s.what.where->devices.devices)
    all.push_back(
        {{"name", s.what.where->name(d.id)}, {"kind", s.what.where->speeds[d.kind].kind->name}, {"lanes", d.lanes}});
  return all;
}

nlohmann::ordered_json policies_of(const simulation& s, const outcomes& of) {
  nlohmann::ordered_json all;
  for (std::size_t p = 0; p < s.policies.size(); ++p) {
    nlohmann::ordered_json policy{{"policy", s.policies[p]}};
    for (const auto& m : measures) {
      const auto e = over_seeds(m, of[p]);
      auto& figure = policy["figures"][m.name];
      figure = {{"mean", e.mean}, {"half_width_95", e.half_width}};
      for (const auto& o : of[p])
        figure["runs"].push_back(m.of(o));
    }
    all.push_back(std::move(policy));
  }
  return all;
}

} // namespace

std::vector<std::string> comparison_titles(const sweep& s) {
  std::vector<std::string> titles;
  for (const auto& v : s.at.front())
    titles.push_back(v.option);
  titles.emplace_back("policy");
  for (const auto& m : measures)
    titles.emplace_back(m.title);
  return titles;
}

std::vector<std::vector<std::string>> comparison_rows(const sweep& s, const std::vector<outcomes>& of) {
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < s.runs.size(); ++i)
    for (std::size_t p = 0; p < s.runs[i].policies.size(); ++p) {
      auto& row = rows.emplace_back();
      for (const auto& v : s.at[i])
        row.push_back(v.text);
      row.push_back(s.runs[i].policies[p]);
      for (const auto& m : measures) {
        const auto e = over_seeds(m, of[i][p]);
        row.push_back(s.runs[i].seeds > 1 ? fmt::format("{:.{}f} ±{:.{}f}", e.mean, m.digits, e.half_width, m.digits)
                                          : fmt::format("{:.{}f}", e.mean, m.digits));
      }
    }
  return rows;
}

std::string comparison_table(const sweep& s, const std::vector<outcomes>& of) {
  std::vector<table::column> columns;
  for (const auto& title : comparison_titles(s))
    columns.push_back({title, title == "cluster" || title == "policy" ? table::align::left : table::align::right});
  table t(std::move(columns));
  for (auto& row : comparison_rows(s, of))
    t.add(std::move(row));
  return t.text();
}

std::string comparison_csv(const sweep& s, const std::vector<outcomes>& of) {
  std::string text;
  for (const auto& v : s.at.front())
    text += v.option + ',';
  text += "policy,seed,requests,answered";
  for (const auto& m : measures)
    text += fmt::format(",{}", m.name);
  text += '\n';
  for (std::size_t i = 0; i < s.runs.size(); ++i)
    for (std::size_t p = 0; p < of[i].size(); ++p)
      for (std::size_t seed = 0; seed < of[i][p].size(); ++seed) {
        const auto& o = of[i][p][seed];
        for (const auto& v : s.at[i])
          text += v.text + ',';
        text += fmt::format("{},{},{},{}", s.runs[i].policies[p], s.runs[i].first_seed + seed, o.requests, o.answered);
        for (const auto& m : measures)
          text += fmt::format(",{}", m.of(o));
        text += '\n';
      }
  return text;
}

std::string comparison_json(const sweep& s, const std::vector<outcomes>& of) {
  const auto& any = s.runs.front();
  nlohmann::ordered_json all;
  for (const auto& m : any.what.models)
    all["models"].push_back(m.name);
  if (!s.sweeps("cluster"))
    all["devices"] = devices_of(any);
  all["seeds"] = any.seeds;
  all["first_seed"] = any.first_seed;
  if (s.at.front().empty()) {
    all["policies"] = policies_of(any, of.front());
    return all.dump(2) + '\n';
  }
  for (std::size_t i = 0; i < s.runs.size(); ++i) {
    nlohmann::ordered_json point;
    for (const auto& v : s.at[i])
      if (v.option == "cluster")
        point = {{"cluster", v.text}, {"devices", devices_of(s.runs[i])}};
      else
        point[v.option] = v.number;
    point["policies"] = policies_of(s.runs[i], of[i]);
    all["points"].push_back(std::move(point));
  }
  return all.dump(2) + '\n';
}

estimate figure_of(std::string_view name, const std::vector<outcome>& seeds) {
  const auto found = std::find_if(measures.begin(), measures.end(), [&](const auto& m) { return m.name == name; });
  return over_seeds(*found, seeds);
}

expected<std::unique_ptr<schedule_writer>> schedule_writer::open(const std::string& file,
                                                                 const scheduling::emulation& what) {
  std::ofstream out(file);
  out << "kind,requests,model,first_layer,first_part,last_layer,last_part,device,lane,from,to,bytes,start_ns,end_ns\n";
  if (!out)
    return fail(errc::io, "cannot write " + file);
  return std::unique_ptr<schedule_writer>(new schedule_writer(std::move(out), file, what));
}

void schedule_writer::worked(const scheduling::work_record& w) {
  static constexpr std::array names{"compute", "transfer", "load", "plan", "eviction"};
  const auto& where = *what_.where;
  const auto domain = [&](metadata::domain_id d) {
    return d == metadata::no_domain ? std::string{} : where.domains[d.value].name;
  };
  std::string requests;
  for (const auto r : w.requests)
    requests += (requests.empty() ? "" : " ") + std::to_string(r.value);
  const bool on_a_device = w.device != metadata::no_device;
  out_ << fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n", names[static_cast<std::size_t>(w.what)], requests,
                      what_.models[w.model].name, w.first.layer, w.first.part, w.last.layer, w.last.part,
                      on_a_device ? where.name(w.device) : "", on_a_device ? std::to_string(w.lane.value) : "",
                      domain(w.from), domain(w.to), w.bytes, w.start.count(), w.end.count());
}

expected<void> schedule_writer::close() {
  out_.close();
  return out_ ? expected<void>{} : fail(errc::io, "cannot write " + file_);
}

} // namespace baton::apps::simulate
