#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "scheduling/workloads/interval_law.hpp"

/// Who asks when for what. Pure state machines in integer nanoseconds: same seed, same arrivals, on every machine.
namespace baton::scheduling::workloads {

/// One request that comes.
struct arrival {
  time_point at{};
  std::uint32_t model = 0; ///< among the models of the run
  std::uint32_t rows = 1;
  std::int32_t priority = 0;
  time_point deadline = never;
  std::uint32_t source = 0; ///< who asks: a client, a function, a stream; below `workload::sources()`
  std::uint64_t query = 0;  ///< of its source: requests that were asked together have the same
  friend bool operator==(const arrival&, const arrival&) = default;
};

/// What is asked for, how often beside the others of a mix.
struct request_class {
  std::uint32_t model = 0;
  std::uint64_t weight = 1;
  std::uint32_t rows = 1;
  std::int32_t priority = 0;
  duration slo = never; ///< until the deadline; `never`: it has none

  /// A request of this class that comes `at` then.
  arrival ask(time_point at) const;
};

/// When a workload asks. A request comes at `start` or later and before `until`, and at most `requests` of them.
struct span_of_time {
  time_point start{};
  time_point until = never;
  std::uint64_t requests = UINT64_MAX;
};

/// Gives requests in the order of their times. An open loop knows each ahead; a closed one reacts to ends.
class workload {
public:
  virtual ~workload() = default;
  /// When the next request comes, by what is known now. Nothing: not before another has ended, or never again.
  virtual std::optional<time_point> next() const = 0;
  /// Takes that request. @pre next()
  virtual arrival take() = 0;
  /// `a`, given by `take`, has ended, with a result or an error. May give `next` a time, never one before `now`.
  /// @pre `now` is not before `a.at`, any earlier `now`, or the last request taken.
  virtual void ended(const arrival& a, time_point now);
  virtual std::uint32_t sources() const { return 1; }
};

using workload_ptr = std::unique_ptr<workload>;

/// All of these workloads at once; of requests at the same time that of the earlier one first. Sources are counted
/// through.
workload_ptr merge(std::vector<workload_ptr> parts);

} // namespace baton::scheduling::workloads
