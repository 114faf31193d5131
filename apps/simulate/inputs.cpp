#include "apps/simulate/inputs.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "apps/policy_files.hpp"
#include "apps/program.hpp"
#include "apps/repository.hpp"
#include "apps/simulate/values.hpp"
#include "apps/symbols.hpp"
#include "apps/text_file.hpp"
#include "metadata/layer_times.hpp"
#include "metadata/measured_models.hpp"
#include "metadata/model_import.hpp"
#include "metadata/roofline.hpp"
#include "scheduling/cluster_file.hpp"

namespace baton::apps::simulate {
namespace {

using scheduling::cluster_description;

const std::vector<std::uint32_t> profiled_rows{1, 2, 4, 8, 16, 32};

duration of_us(double us) {
  return duration(std::llround(us * 1e3));
}

/// A model by its name among those that were measured, or a file: then by what a roofline says of each kind.
expected<metadata::model_costs> costs_of(const std::string& what, const symbol_map& named,
                                         const cluster_description& where) {
  if (const auto* known = metadata::find_measured_model(what))
    return *known;
  if (!std::filesystem::exists(what))
    return fail(errc::bad_argument,
                "--model " + what + ": neither a file nor one of the measured models: AlexNet, ResNet, rnn");
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

} // namespace

void add_input_options(CLI::App& command, input_options& o) {
  command.add_option("--cluster", o.clusters, "A cluster, in JSON (docs/simulate.md); several with commas")
      ->type_name("FILE");
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
  command.add_option("--policy", o.policies, policy_help(false) + "; several with commas")->capture_default_str();
  command
      .add_option("--objective", o.objective,
                  "What marginal is to do best: requests in their deadline (slo), mean_latency or makespan")
      ->check(CLI::IsMember({"slo", "mean_latency", "makespan"}));
  add_request_options(command, o.requests);
  command.add_option("--seeds", o.seeds, "Runs with so many seeds")
      ->check(CLI::Range(1U, 100000U))
      ->capture_default_str();
  command.add_option("--seed", o.seed, "The first seed")->capture_default_str();
  command
      .add_option("--quantum", o.quantum, "Microseconds a device works between two looks at its messages; 0: a layer")
      ->capture_default_str();
  command.add_option("--message-latency", o.message_latency_us, "Microseconds a message takes")->capture_default_str();
  command.add_flag("--cold", o.cold, "Weights and plans are brought when they are first asked for, not before time 0");
  command.add_option("--plan-building", o.plan_building_ms, "Milliseconds that building a plan takes")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  command.add_option("--backlog", o.backlog_us, "Microseconds of work that may stand in line at a device")
      ->capture_default_str();
  command.add_option("--threads", o.threads, "Runs at once; 0: as many as there are processors")
      ->check(CLI::Range(0U, 1024U))
      ->capture_default_str();
}

expected<std::vector<std::string>> clusters_of(const input_options& o) {
  if (o.clusters.empty())
    return fail(errc::bad_argument, "--cluster is missing: the cluster to simulate, a JSON file");
  auto files = split(o.clusters, ',');
  for (auto i = files.begin(); i != files.end(); ++i)
    if (std::find(files.begin(), i, *i) != i)
      return fail(errc::bad_argument, "--cluster " + *i + ": given twice");
  return files;
}

expected<simulation> make_simulation(const input_options& o, const std::string& cluster) {
  if (auto good = check_quantum(o.quantum); !good)
    return tl::unexpected(good.error());
  const auto text = read_text_file(cluster);
  if (!text)
    return tl::unexpected(text.error());
  auto where = scheduling::parse_cluster(*text);
  if (!where)
    return fail(where.error().code, cluster + ": " + where.error().message);
  const auto named = parse_symbols(o.symbols);
  if (!named)
    return tl::unexpected(named.error());
  const auto policies = with_objective(o.policies, o.objective);
  if (!policies)
    return tl::unexpected(policies.error());
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
        return fail(errc::bad_argument,
                    fmt::format("model '{}': nothing is known of what it costs on '{}': give a --profile", m.name,
                                speed.kind->name));
  s.what.quantum = std::chrono::microseconds(o.quantum);
  s.what.message_latency = of_us(o.message_latency_us);
  s.what.backlog = of_us(o.backlog_us);
  s.what.plan_building = of_us(o.plan_building_ms * 1e3);
  s.what.warm = !o.cold;
  s.policies = split(*policies, ',');
  s.seeds = o.seeds;
  s.first_seed = o.seed;
  s.threads = o.threads;
  return s;
}

} // namespace baton::apps::simulate
