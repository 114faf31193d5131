#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "metadata/model_costs.hpp"
#include "scheduling/cluster_description.hpp"
#include "scheduling/emulator/records.hpp"
#include "scheduling/engine.hpp"
#include "scheduling/workloads/workload.hpp"

namespace baton::scheduling {

/// What an emulated run needs, apart from its workload.
struct emulation {
  std::shared_ptr<const cluster_description> where;
  std::vector<metadata::model_costs> models; ///< each with a latency table for every kind of `where`
  std::string policy = "fifo";
  std::size_t waiting_limit = defaults::emulated_waiting_tasks;
  duration backlog = defaults::backlog;
  duration quantum = defaults::quantum;
  std::uint32_t segments_in_flight = defaults::emulated_in_flight; ///< per lane
  duration message_latency{}; ///< of each message between the scheduler, workers and transfers
  duration plan_building{};   ///< of a plan, beside bringing its weights over
  /// Plans for one row of each model, or for up to as many as the policy makes one task of, are everywhere before the
  /// first request comes.
  bool warm = true;
};

struct emulation_counters {
  std::uint64_t events = 0; ///< the engine's
  std::uint64_t segments = 0;
  std::uint64_t messages = 0;
  time_point end{}; ///< of the last request
};

/// Runs a workload through the engine, run queues and transfer queues that the live system has, in made-up time: 0 is
/// when everything is warm. Deterministic. Errors: `bad_argument`: a model without costs on one of the cluster's kinds,
/// an unknown policy; `internal`: nothing is left to happen and requests are open.
expected<emulation_counters> emulate(const emulation& what, workloads::workload& requests, observer& tell);

} // namespace baton::scheduling
