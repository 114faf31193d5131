#pragma once

#include <chrono>

#include "scheduling/workloads/workload.hpp"

namespace baton::scheduling::workloads {

/// MLPerf's scenarios.
enum class loadgen_scenario : std::uint8_t {
  single_stream, ///< a query of one sample, the next when it has ended
  multi_stream,  ///< a query of several samples, the next when all of them have ended
  server,        ///< queries of one sample, a Poisson process
  offline,       ///< one query of all samples
};

/// As MLPerf's LoadGen asks. A sample is a request of one row of `sample`; those of one query come together and have
/// the same `arrival::query`. Queries are made until there were `queries` of them *and* `time` has passed. Source:
/// MLPerf Inference, loadgen and its mlperf.conf (v1.1), from which the defaults are.
struct loadgen {
  loadgen_scenario scenario = loadgen_scenario::single_stream;
  request_class sample;
  std::uint64_t queries = 1024;             ///< at least; mlperf.conf: 1,024 in a single stream, else 270,336
  duration time = std::chrono::minutes(10); ///< at least
  std::uint32_t samples_per_query = 8;      ///< of multi_stream; of offline: all samples, 24,576 in mlperf.conf
  duration interval{};                      ///< of server: the mean between queries
};

/// Errors (`bad_argument`): no queries or samples, or too many; a server without an interval; a time below 0 or above a
/// year.
expected<workload_ptr> make(const loadgen& options, std::uint64_t seed);

} // namespace baton::scheduling::workloads
