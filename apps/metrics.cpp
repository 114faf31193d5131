#include "apps/metrics.hpp"

#include <sstream>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "apps/defaults.hpp"
#include "apps/runtime_metrics.hpp"

namespace baton::apps {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

request_outcome outcome_of(errc code) {
  switch (code) {
  case errc::none: return request_outcome::success;
  case errc::bad_request:
  case errc::bad_argument: return request_outcome::bad_request;
  case errc::cancelled: return request_outcome::cancelled;
  case errc::deadline_exceeded: return request_outcome::deadline_exceeded;
  case errc::overloaded: return request_outcome::overloaded;
  case errc::not_found:
  case errc::unavailable: return request_outcome::unavailable;
  case errc::out_of_memory: return request_outcome::out_of_memory;
  default: return request_outcome::failed;
  }
}

std::string_view to_string(request_outcome o) {
  constexpr std::array<std::string_view, request_outcomes> names{"success",           "bad_request", "cancelled",
                                                                 "deadline_exceeded", "overloaded",  "unavailable",
                                                                 "out_of_memory",     "failed"};
  return names[static_cast<std::size_t>(o)];
}

namespace {

double seconds(metadata::duration d) {
  return std::chrono::duration<double>(d).count();
}

} // namespace

void model_meter::ended(errc why) {
  requests_[static_cast<std::size_t>(outcome_of(why))]->Increment();
}

void model_meter::succeeded(const actors::done& d, std::uint64_t rows) {
  requests_[static_cast<std::size_t>(request_outcome::success)]->Increment();
  rows_->Increment(static_cast<double>(rows));
  total_->Observe(seconds(d.total));
  queued_->Observe(seconds(d.queued));
  computing_->Observe(seconds(d.computing));
  moving_->Observe(seconds(d.moving));
  preemptions_->Increment(d.preemptions);
  moves_->Increment(d.moves);
}

struct metrics::families {
  prometheus::Registry registry;
  Family<Counter>& requests = BuildCounter()
                                  .Name("baton_requests_total")
                                  .Help("Inference requests answered, by model and outcome.")
                                  .Register(registry);
  Counter& unknown = BuildCounter()
                         .Name("baton_unknown_model_requests_total")
                         .Help("Inference requests for a model or version that there is not.")
                         .Register(registry)
                         .Add({});
  Family<Counter>& rows = BuildCounter()
                              .Name("baton_inference_rows_total")
                              .Help("Rows along the batch axis of the requests answered with success.")
                              .Register(registry);
  Family<Histogram>& total = BuildHistogram()
                                 .Name("baton_request_duration_seconds")
                                 .Help("From submit to result, of the requests answered with success.")
                                 .Register(registry);
  Family<Histogram>& phase = BuildHistogram()
                                 .Name("baton_request_phase_seconds")
                                 .Help("Where that time went: queued, computing or moving.")
                                 .Register(registry);
  Family<Counter>& preemptions = BuildCounter()
                                     .Name("baton_request_preemptions_total")
                                     .Help("How often the requests answered with success were taken from a device.")
                                     .Register(registry);
  Family<Counter>& moves = BuildCounter()
                               .Name("baton_request_moves_total")
                               .Help("How often the requests answered with success went on on another device.")
                               .Register(registry);
  Gauge& connections =
      BuildGauge().Name("baton_http_connections").Help("Connections open now.").Register(registry).Add({});
  Family<Counter>& answers =
      BuildCounter().Name("baton_http_requests_total").Help("HTTP answers, by status code.").Register(registry);
};

metrics::metrics() : families_(std::make_unique<families>()) {}
metrics::~metrics() = default;

model_meter& metrics::of(std::string_view model, std::int64_t version) {
  auto versions = models_.find(model);
  if (versions == models_.end())
    versions = models_.emplace(model, std::map<std::int64_t, model_meter>{}).first;
  auto [m, fresh] = versions->second.try_emplace(version);
  if (!fresh)
    return m->second;
  auto& f = *families_;
  auto& meter = m->second;
  const prometheus::Labels name{{"model", std::string{model}}};
  auto with = [](prometheus::Labels labels, const char* key, std::string_view value) {
    labels.emplace(key, value);
    return labels;
  };
  const auto both = with(name, "version", std::to_string(version));
  for (std::size_t o = 0; o < request_outcomes; ++o)
    meter.requests_[o] = &f.requests.Add(with(both, "outcome", to_string(static_cast<request_outcome>(o))));
  meter.rows_ = &f.rows.Add(both);
  const Histogram::BucketBoundaries bounds(defaults::latency_buckets.begin(), defaults::latency_buckets.end());
  meter.total_ = &f.total.Add(name, bounds);
  meter.queued_ = &f.phase.Add(with(name, "phase", "queued"), bounds);
  meter.computing_ = &f.phase.Add(with(name, "phase", "computing"), bounds);
  meter.preemptions_ = &f.preemptions.Add(name);
  meter.moves_ = &f.moves.Add(name);
  meter.moving_ = &f.phase.Add(with(name, "phase", "moving"), bounds);
  return meter;
}

void metrics::unknown_model() {
  families_->unknown.Increment();
}

void metrics::connection_opened() {
  families_->connections.Increment();
}

void metrics::connection_closed() {
  families_->connections.Decrement();
}

void metrics::answered(unsigned status) {
  auto [a, fresh] = answers_.try_emplace(status, nullptr);
  if (fresh)
    a->second = &families_->answers.Add({{"code", std::to_string(status)}});
  a->second->Increment();
}

std::string metrics::text(const actors::runtime& runtime) const {
  auto all = families_->registry.Collect();
  append_runtime_metrics(runtime, all);
  append_process_metrics(all);
  std::ostringstream out;
  prometheus::TextSerializer{}.Serialize(out, all);
  return std::move(out).str();
}

} // namespace baton::apps
