#include "apps/simulate/requests.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <CLI/CLI.hpp>

#include "apps/simulate/values.hpp"
#include "apps/text_file.hpp"
#include "scheduling/defaults.hpp"
#include "scheduling/workloads/azure.hpp"
#include "scheduling/workloads/closed_loop.hpp"
#include "scheduling/workloads/later_part.hpp"
#include "scheduling/workloads/loadgen.hpp"
#include "scheduling/workloads/open_loop.hpp"
#include "scheduling/workloads/popularity.hpp"
#include "scheduling/workloads/trace.hpp"

namespace baton::apps::simulate {
namespace {

namespace loads = scheduling::workloads;
using metadata::duration;
using scheduling::emulation;

const std::map<std::string, loads::loadgen_scenario> scenarios{
    {"single_stream", loads::loadgen_scenario::single_stream},
    {"multi_stream", loads::loadgen_scenario::multi_stream},
    {"server", loads::loadgen_scenario::server},
    {"offline", loads::loadgen_scenario::offline}};

duration of_ms(double ms) {
  return duration(std::llround(ms * 1e6));
}

duration slo_of(const metadata::model_costs& m, const scheduling::cluster_description& where, double times) {
  duration sum{};
  for (const auto& d : where.devices.devices) {
    const auto& s = where.speeds[d.kind];
    sum += s.scaled(m.on(s.kind->name)->whole(1));
  }
  const auto mean = static_cast<double>(sum.count()) / static_cast<double>(where.devices.devices.size());
  return duration(std::llround(times * mean));
}

std::vector<loads::request_class> classes_of(const request_options& o, const emulation& what) {
  const auto weights = loads::zipf_weights(what.models.size(), o.zipf);
  std::vector<loads::request_class> mix;
  for (std::uint32_t i = 0; i < what.models.size(); ++i)
    mix.push_back({.model = i,
                   .weight = weights[i],
                   .slo = o.slo > 0 ? slo_of(what.models[i], *what.where, o.slo) : metadata::never});
  return mix;
}

expected<loads::interval_law> law_of(const request_options& o, const load& l) {
  using shape = loads::interval_law::shape;
  const std::map<std::string, shape> shapes{
      {"poisson", shape::exponential}, {"gamma", shape::gamma}, {"uniform", shape::uniform}, {"fixed", shape::fixed}};
  loads::interval_law law{.kind = shapes.at(o.arrivals), .mean = loads::interval_of(l.rate), .cv = l.cv};
  if (auto good = law.check(); !good)
    return fail(errc::bad_argument, "--rate, --cv: " + good.error().message);
  return law;
}

expected<request_maker> from_trace(const request_options& o, const emulation& what) {
  std::vector<std::string> names;
  for (const auto& m : what.models)
    names.push_back(m.name);
  const auto rows = read_text_file(o.trace);
  if (!rows)
    return tl::unexpected(rows.error());
  const auto asked = loads::parse_trace(*rows, names);
  if (!asked)
    return fail(errc::bad_argument, o.trace + ": " + asked.error().message);
  return [asked = *asked](std::uint64_t) -> expected<loads::workload_ptr> { return loads::replay(asked); };
}

expected<request_maker> from_azure(const request_options& o, const emulation& what) {
  auto rows = read_text_file(o.azure);
  if (!rows)
    return tl::unexpected(rows.error());
  const loads::azure_functions day{
      .classes = classes_of(o, what), .class_of = {}, .first_minute = o.first_minute, .minutes = o.minutes};
  return [day, rows = std::move(*rows), file = o.azure](std::uint64_t seed) -> expected<loads::workload_ptr> {
    auto made = loads::parse_azure(rows, day, seed);
    if (!made)
      return fail(errc::bad_argument, file + ": " + made.error().message);
    return made;
  };
}

/// A stream for each model, cut out of the middle of a longer one. Its length is that of `--requests` at the rate.
request_maker independent_streams(const loads::open_loop& all, std::uint64_t requests) {
  return [all, requests](std::uint64_t seed) -> expected<loads::workload_ptr> {
    double sum = 0;
    for (const auto& c : all.mix)
      sum += static_cast<double>(c.weight);
    const auto interval = static_cast<double>(all.intervals.mean.count());
    const duration length = std::min(all.span.until, duration(std::llround(interval * static_cast<double>(requests))));
    std::vector<loads::workload_ptr> streams;
    for (std::size_t i = 0; i < all.mix.size(); ++i) {
      auto one = all;
      one.mix = {all.mix[i]};
      one.intervals.mean = duration(std::llround(interval * sum / static_cast<double>(all.mix[i].weight)));
      one.span = {.until = 2 * length};
      auto stream = loads::make(one, loads::seed_of(seed, i));
      if (!stream)
        return stream;
      streams.push_back(loads::later_part(std::move(*stream), length));
    }
    return loads::merge(std::move(streams));
  };
}

} // namespace

void add_request_options(CLI::App& command, request_options& o) {
  command.add_option("--arrivals", o.arrivals, "When requests come: poisson, gamma, uniform, fixed, closed")
      ->check(CLI::IsMember({"poisson", "gamma", "uniform", "fixed", "closed"}))
      ->capture_default_str();
  command
      .add_option("--rate", o.rates,
                  "Requests per second, of all models together; several with commas, or FROM:TO:STEP")
      ->capture_default_str();
  command
      .add_option("--cv", o.cvs,
                  "Coefficient of variation of gamma's intervals: 1 is poisson, more is bursty; several as for --rate")
      ->capture_default_str();
  command.add_option("--zipf", o.zipf, "Exponent of the models' popularity; 0: all alike")
      ->check(CLI::Range(0.0, 10.0))
      ->capture_default_str();
  command.add_flag(
      "--independent", o.independent,
      "Each model's requests come in a stream of its own; the rates add up to --rate, the numbers about to\n"
      "--requests");
  command
      .add_option("--on", o.on_ms, "With --off: requests come for about so many milliseconds, then there is silence")
      ->capture_default_str();
  command.add_option("--off", o.off_ms, "Milliseconds of silence, on the mean; both exponential")
      ->capture_default_str();
  command.add_option("--clients", o.clients, "Of closed arrivals: clients that ask, wait for the result and think")
      ->capture_default_str();
  command.add_option("--think", o.think_ms, "Of closed arrivals: milliseconds a client thinks")->capture_default_str();
  command.add_option("--trace", o.trace, "Requests from a file instead: CSV of time (ns), model, priority, deadline")
      ->type_name("FILE");
  command
      .add_option(
          "--azure", o.azure,
          "Requests as often as functions were invoked: a day of the Azure Functions Trace 2019, CSV; functions\n"
          "are spread over the models in turn")
      ->type_name("FILE");
  command.add_option("--first-minute", o.first_minute, "Of --azure: from that minute of the day on")
      ->check(CLI::Range(1U, 1440U))
      ->capture_default_str();
  command.add_option("--minutes", o.minutes, "Of --azure: so many minutes")
      ->check(CLI::Range(1U, 1440U))
      ->capture_default_str();
  command
      .add_option(
          "--loadgen", o.loadgen,
          "Requests as MLPerf's LoadGen asks: single_stream, multi_stream, server, offline; of the first model,\n"
          "--requests queries and --seconds at least")
      ->check(CLI::IsMember(scenarios));
  command.add_option("--requests", o.requests, "So many")->capture_default_str();
  command.add_option("--seconds", o.seconds, "No more after so many seconds; 0: no such end")->capture_default_str();
  command
      .add_option("--slo", o.slo,
                  "Deadline of a request, as a multiple of what its model takes (mean of all devices); 0: none")
      ->capture_default_str();
}

bool come_at_rate(const request_options& o) {
  const bool by_loadgen = !o.loadgen.empty() && scenarios.at(o.loadgen) != loads::loadgen_scenario::server;
  return o.trace.empty() && o.azure.empty() && !by_loadgen && (!o.loadgen.empty() || o.arrivals != "closed");
}

expected<std::vector<double>> rates_of(const request_options& o) {
  auto rates = parse_values("--rate", o.rates, 1e-6, 1e9);
  if (rates && rates->size() > 1 && !come_at_rate(o))
    return fail(errc::bad_argument, "--rate: several values, but these requests do not come at a rate");
  return rates;
}

expected<std::vector<double>> cvs_of(const request_options& o) {
  auto cvs = parse_values("--cv", o.cvs, scheduling::defaults::least_cv, scheduling::defaults::most_cv);
  if (cvs && cvs->size() > 1 && (o.arrivals != "gamma" || !o.trace.empty() || !o.azure.empty() || !o.loadgen.empty()))
    return fail(errc::bad_argument, "--cv: several values, but only --arrivals gamma has one");
  return cvs;
}

expected<request_maker> make_requests(const request_options& o, const load& l, const emulation& what) {
  const loads::span_of_time span{.until = o.seconds > 0 ? of_ms(o.seconds * 1e3) : metadata::never,
                                 .requests = o.requests};
  if (!o.trace.empty())
    return from_trace(o, what);
  if (!o.azure.empty())
    return from_azure(o, what);
  if (!o.loadgen.empty()) {
    const loads::loadgen queries{.scenario = scenarios.at(o.loadgen),
                                 .sample = classes_of(o, what).front(),
                                 .queries = o.requests,
                                 .time = of_ms(o.seconds * 1e3),
                                 .interval = loads::interval_of(l.rate)};
    return [queries](std::uint64_t seed) { return loads::make(queries, seed); };
  }
  if (o.arrivals == "closed") {
    loads::closed_loop loop{.clients = o.clients, .mix = classes_of(o, what), .span = span};
    loop.think.mean = of_ms(o.think_ms);
    return [loop](std::uint64_t seed) { return loads::make(loop, seed); };
  }
  const auto law = law_of(o, l);
  if (!law)
    return tl::unexpected(law.error());
  loads::open_loop loop{.intervals = *law, .phases = {}, .mix = classes_of(o, what), .span = span};
  if ((o.on_ms > 0) != (o.off_ms > 0))
    return fail(errc::bad_argument, "--on and --off go together");
  if (o.on_ms > 0)
    loop.phases = loads::on_off{.on = {.mean = of_ms(o.on_ms)}, .off = {.mean = of_ms(o.off_ms)}};
  if (o.independent)
    return independent_streams(loop, o.requests);
  return [loop](std::uint64_t seed) { return loads::make(loop, seed); };
}

} // namespace baton::apps::simulate
