#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "actors/runtime.hpp"

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
} // namespace prometheus

namespace baton::apps {

/// How a request ended, as the label `outcome` says it: a few words for many errors.
enum class request_outcome : std::uint8_t {
  success,
  bad_request,       ///< the client's fault
  cancelled,         ///< the client left
  deadline_exceeded, ///< its timeout passed first
  overloaded,        ///< a bounded queue was full
  unavailable,       ///< the model or the server was not there, or going away
  out_of_memory,     ///< a domain's limit was reached
  failed,            ///< any other fault of ours
};
inline constexpr std::size_t request_outcomes = 8;
request_outcome outcome_of(errc code);
std::string_view to_string(request_outcome o);

/// What one version of one model has answered. A handle: recording needs no look-up.
class model_meter {
public:
  /// A request that ended without a result.
  void ended(errc why);
  /// `rows`: inferences in it.
  void succeeded(const actors::done& d, std::uint64_t rows);

private:
  friend class metrics;
  std::array<prometheus::Counter*, request_outcomes> requests_{};
  prometheus::Counter* rows_ = nullptr;
  prometheus::Histogram* total_ = nullptr;
  prometheus::Histogram* queued_ = nullptr;
  prometheus::Histogram* computing_ = nullptr;
  prometheus::Histogram* moving_ = nullptr;
  prometheus::Counter* preemptions_ = nullptr;
  prometheus::Counter* moves_ = nullptr;
};

/// The metrics of a server: docs/observability.md tells their names, units and meaning. What the door sees is counted
/// as it happens; what the runtime knows is read when it is asked for. Thread: the server's.
class metrics {
public:
  metrics();
  ~metrics();
  metrics(const metrics&) = delete;
  metrics& operator=(const metrics&) = delete;

  /// The meter of a model that is, or was, in the catalog; made at its first use. It stays valid.
  model_meter& of(std::string_view model, std::int64_t version);
  /// An inference of a model or version that there is not: its name is the client's, so it becomes no label.
  void unknown_model();
  void connection_opened();
  void connection_closed();
  /// An HTTP answer of this status has been written.
  void answered(unsigned status);

  /// All of it in Prometheus' text format, version 0.0.4. Takes some milliseconds for tens of models: see `make bench
  /// NAME=metrics`.
  std::string text(const actors::runtime& runtime) const;

private:
  struct families;
  std::unique_ptr<families> families_;
  std::map<std::string, std::map<std::int64_t, model_meter>, std::less<>> models_;
  std::map<unsigned, prometheus::Counter*> answers_;
};

/// The content type of `metrics::text`.
inline constexpr const char* metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

} // namespace baton::apps
