#pragma once

#include <vector>

#include "apps/simulate/simulation.hpp"

/// A bound for all policies that run each request alone, not for those that join them: how many requests could be in
/// time if all arrivals were known ahead, work could be cut at will and run on several devices at once, and moving
/// anything took no time.
namespace baton::apps::simulate {

/// Work of a request, in time of the whole cluster, and when it may be done.
struct relaxed_request {
  time_point release{};
  time_point deadline{};
  double work = 0; ///< ns
};

/// Devices get prices, their sum over all lanes 1. A request costs at least its time on the kind where time times price
/// is least, whatever runs it; and the cluster earns 1 per ns at most. So a request is as much work as that for one
/// machine, and no schedule of the cluster does more than some schedule of this machine. That holds for any prices;
/// these are such that the mix of requests costs most (the dual of the largest steady throughput).
std::vector<relaxed_request> relax(const scheduling::emulation& what,
                                   const std::vector<scheduling::workloads::arrival>& all);

/// The most of them that one preemptive machine can do within their deadlines, where a part of a request counts as that
/// part. The feasible amounts of work are a polymatroid, so taking as much as fits of the requests in the order of
/// their work is optimal: Federgruen and Groenevelt, Management Science 32(3), 1986. Below `enough` it may be a larger
/// number than that, but still below `enough`.
double most_in_time(std::vector<relaxed_request> all, double enough);

} // namespace baton::apps::simulate
