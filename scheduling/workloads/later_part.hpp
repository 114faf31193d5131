#pragma once

#include "scheduling/workloads/workload.hpp"

namespace baton::scheduling::workloads {

/// The requests of an open loop from `from` on, as if that were time 0: several streams of bursts that begin at once
/// would else begin with a burst each. @pre `of` needs no `ended`
workload_ptr later_part(workload_ptr of, time_point from);

} // namespace baton::scheduling::workloads
