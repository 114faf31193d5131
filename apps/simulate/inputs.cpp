#include "apps/simulate/inputs.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <sstream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "apps/policy_files.hpp"
#include "apps/program.hpp"
#include "apps/repository.hpp"
#include "apps/symbols.hpp"
#include "apps/text_file.hpp"
#include "metadata/layer_times.hpp"
#include "metadata/measured_models.hpp"
#include "metadata/model_import.hpp"
#include "metadata/roofline.hpp"
#include "scheduling/cluster_file.hpp"
#include "scheduling/workloads/closed_loop.hpp"
#include "scheduling/workloads/open_loop.hpp"
#include "scheduling/workloads/popularity.hpp"
#include "scheduling/workloads/trace.hpp"

namespace baton::apps::simulate {
namespace {

namespace loads = scheduling::workloads;
using scheduling::cluster_description;

const std::vector<std::uint32_t> profiled_rows{1, 2, 4, 8, 16, 32};

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, at);)
    parts.push_back(part);
  return parts;
}

duration of_us(double us) {
  return duration(std::llround(us * 1e3));
}

/// A model by its name among those that were measured, or a file: then by what a roofline says of each kind.
expected<metadata::model_costs> costs_of(const std::string& what, const symbol_map& named,
                                         const cluster_description& where) {
  if (const auto* known = metadata::find_measured_model(what))
    return *known;
  if (!std::filesystem::exists(what))
    return fail(errc::bad_argument, "--model " + what
                                        + ": neither a file nor one of the measured models: AlexNet, ResNet, rnn");
  const auto m = metadata::import_model(what, model_name_of(what));
  if (!m)
    return tl::unexpected(m.error());
  const auto symbols = bind_symbols(**m, named, 1, 1);
  if (!symbols)
    return tl::unexpected(symbols.error());
  auto costs = metadata::costs_of(**m, *symbols);
  if (!costs)
    return costs;
  for (const auto& s : where.speeds)
    if (!costs->on(s.kind->name))
      if (auto added = metadata::add_roofline(*costs, **m, *symbols, profiled_rows, *s.kind); !added)
        return tl::unexpected(added.error());
  return costs;
}

/// `NAME:KIND:ROWS=FILE`
expected<void> add_profile(const std::string& option, std::vector<metadata::model_costs>& models) {
  const auto bad = [&](const std::string& why) { return fail(errc::bad_argument, "--profile " + option + ": " + why); };
  const auto equals = option.find('=');
  const auto parts = split(option.substr(0, equals), ':');
  if (equals == std::string::npos || parts.size() != 3)
    return bad("it has the form MODEL:KIND:ROWS=FILE.csv");
  const auto kind = metadata::find_device_kind(parts[1]);
  if (!kind)
    return bad(kind.error().message);
  char* end = nullptr;
  const auto rows = std::strtoul(parts[2].c_str(), &end, 10);
  if (*end != '\0' || rows == 0 || rows > 65536)
    return bad("'" + parts[2] + "' is no number of rows");
  const auto text = read_text_file(option.substr(equals + 1));
  if (!text)
    return tl::unexpected(text.error());
  auto times = metadata::parse_layer_times(*text);
  if (!times)
    return fail(errc::bad_argument, option.substr(equals + 1) + ": " + times.error().message);
  auto model = std::find_if(models.begin(), models.end(), [&](const auto& m) { return m.name == parts[0]; });
  if (model == models.end()) {
    metadata::model_costs fresh;
    fresh.name = parts[0];
    fresh.layers = times->names;
    fresh.live_bytes.assign(times->names.size() + 1, 0);
    model = models.insert(models.end(), std::move(fresh));
  }
  auto added = model->by_kind[std::string((*kind)->name)].add(static_cast<std::uint32_t>(rows), times->times);
  return added ? model->check() : bad(added.error().message);
}

duration slo_of(const metadata::model_costs& m, const cluster_description& where, double times) {
  duration sum{};
  for (const auto& d : where.devices.devices) {
    const auto& s = where.speeds[d.kind];
    sum += s.scaled(m.on(s.kind->name)->whole(1));
  }
  const auto mean = static_cast<double>(sum.count()) / static_cast<double>(where.devices.devices.size());
  return duration(std::llround(times * mean));
}

std::vector<loads::request_class> classes_of(const input_options& o, const scheduling::emulation& what) {
  const auto weights = loads::zipf_weights(what.models.size(), o.zipf);
  std::vector<loads::request_class> mix;
  for (std::uint32_t i = 0; i < what.models.size(); ++i)
    mix.push_back({.model = i,
                   .weight = weights[i],
                   .slo = o.slo > 0 ? slo_of(what.models[i], *what.where, o.slo) : metadata::never});
  return mix;
}

expected<loads::interval_law> law_of(const input_options& o) {
  using shape = loads::interval_law::shape;
  const std::map<std::string, shape> shapes{
      {"poisson", shape::exponential}, {"gamma", shape::gamma}, {"uniform", shape::uniform}, {"fixed", shape::fixed}};
  loads::interval_law law{.kind = shapes.at(o.arrivals), .mean = loads::interval_of(o.rate), .cv = o.cv};
  if (auto good = law.check(); !good)
    return fail(errc::bad_argument, "--rate, --cv: " + good.error().message);
  return law;
}

} // namespace

void add_input_options(CLI::App& command, input_options& o) {
  command.add_option("--cluster", o.cluster, "A cluster, in JSON (docs/simulate.md)")->type_name("FILE");
  command
      .add_option("--model", o.models,
                  "A model: one that was measured (AlexNet, ResNet, rnn) or a file, whose times come from a roofline;\n"
                  "may be given more than once")
      ->take_all()
      ->expected(1);
  command
      .add_option("--profile", o.profiles,
                  "Times of a model's layers as measured: MODEL:KIND:ROWS=FILE.csv with columns Op and duration (ns)")
      ->take_all()
      ->expected(1);
  command.add_option("--symbol", o.symbols, "Value of a model's symbol, as in S=16")->take_all()->expected(1);
  command.add_option("--policy", o.policies, policy_help() + "; several with commas")->capture_default_str();
  command.add_option("--arrivals", o.arrivals, "When requests come: poisson, gamma, uniform, fixed, closed")
      ->check(CLI::IsMember({"poisson", "gamma", "uniform", "fixed", "closed"}))
      ->capture_default_str();
  command.add_option("--rate", o.rate, "Requests per second, of all models together")
      ->check(CLI::Range(1e-6, 1e9))
      ->capture_default_str();
  command.add_option("--cv", o.cv, "Coefficient of variation of gamma's intervals: 1 is poisson, more is bursty")
      ->capture_default_str();
  command.add_option("--zipf", o.zipf, "Exponent of the models' popularity; 0: all alike")
      ->check(CLI::Range(0.0, 10.0))
      ->capture_default_str();
  command.add_option("--clients", o.clients, "Of closed arrivals: clients that ask, wait for the result and think")
      ->capture_default_str();
  command.add_option("--think", o.think_ms, "Of closed arrivals: milliseconds a client thinks")->capture_default_str();
  command.add_option("--trace", o.trace, "Requests from a file instead: CSV of time (ns), model, priority, deadline")
      ->type_name("FILE");
  command.add_option("--requests", o.requests, "So many")->capture_default_str();
  command.add_option("--seconds", o.seconds, "No more after so many seconds; 0: no such end")->capture_default_str();
  command
      .add_option("--slo", o.slo,
                  "Deadline of a request, as a multiple of what its model takes (mean of all devices); 0: none")
      ->capture_default_str();
  command.add_option("--seeds", o.seeds, "Runs with so many seeds")->check(CLI::Range(1U, 100000U))->capture_default_str();
  command.add_option("--seed", o.seed, "The first seed")->capture_default_str();
  command.add_option("--quantum", o.quantum, "Microseconds a device works between two looks at its messages; 0: a layer")
      ->capture_default_str();
  command.add_option("--message-latency", o.message_latency_us, "Microseconds a message takes")->capture_default_str();
  command.add_option("--backlog", o.backlog_us, "Microseconds of work that may stand in line at a device")
      ->capture_default_str();
}

expected<simulation> make_simulation(const input_options& o) {
  if (o.cluster.empty())
    return fail(errc::bad_argument, "--cluster is missing: the cluster to simulate, a JSON file");
  if (auto good = check_quantum(o.quantum); !good)
    return tl::unexpected(good.error());
  const auto text = read_text_file(o.cluster);
  if (!text)
    return tl::unexpected(text.error());
  auto where = scheduling::parse_cluster(*text);
  if (!where)
    return fail(where.error().code, o.cluster + ": " + where.error().message);
  const auto named = parse_symbols(o.symbols);
  if (!named)
    return tl::unexpected(named.error());
  if (auto opened = open_policies(o.policies); !opened)
    return tl::unexpected(opened.error());
  simulation s;
  s.what.where = std::make_shared<const cluster_description>(std::move(*where));
  for (const auto& m : o.models) {
    auto costs = costs_of(m, *named, *s.what.where);
    if (!costs)
      return tl::unexpected(costs.error());
    s.what.models.push_back(std::move(*costs));
  }
  for (const auto& p : o.profiles)
    if (auto added = add_profile(p, s.what.models); !added)
      return tl::unexpected(added.error());
  if (s.what.models.empty())
    return fail(errc::bad_argument, "--model is missing: at least one");
  for (const auto& m : s.what.models)
    for (const auto& speed : s.what.where->speeds)
      if (!m.on(speed.kind->name))
        return fail(errc::bad_argument, fmt::format("model '{}': nothing is known of what it costs on '{}': give a --profile",
                                                    m.name, speed.kind->name));
  s.what.quantum = std::chrono::microseconds(o.quantum);
  s.what.message_latency = of_us(o.message_latency_us);
  s.what.backlog = of_us(o.backlog_us);
  s.policies = split(o.policies, ',');
  s.seeds = o.seeds;
  s.first_seed = o.seed;
  const loads::span_of_time span{.until = o.seconds > 0 ? duration(std::llround(o.seconds * 1e9)) : metadata::never,
                                 .requests = o.requests};
  if (!o.trace.empty()) {
    std::vector<std::string> names;
    for (const auto& m : s.what.models)
      names.push_back(m.name);
    const auto rows = read_text_file(o.trace);
    if (!rows)
      return tl::unexpected(rows.error());
    const auto asked = loads::parse_trace(*rows, names);
    if (!asked)
      return fail(errc::bad_argument, o.trace + ": " + asked.error().message);
    s.requests = [asked = *asked](std::uint64_t) -> expected<loads::workload_ptr> { return loads::replay(asked); };
  } else if (o.arrivals == "closed") {
    loads::closed_loop loop{.clients = o.clients, .mix = classes_of(o, s.what), .span = span};
    loop.think.mean = of_us(o.think_ms * 1e3);
    s.requests = [loop](std::uint64_t seed) { return loads::make(loop, seed); };
  } else {
    const auto law = law_of(o);
    if (!law)
      return tl::unexpected(law.error());
    const loads::open_loop loop{.intervals = *law, .phases = {}, .mix = classes_of(o, s.what), .span = span};
    s.requests = [loop](std::uint64_t seed) { return loads::make(loop, seed); };
  }
  return s;
}

} // namespace baton::apps::simulate
