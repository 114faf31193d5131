#pragma once

#include <memory>

#include "scheduling/policy.hpp"

/// The policies that come with Baton.
namespace baton::scheduling::policies {

/// First come, first served; a task runs to its end. Optimises nothing: the baseline.
std::unique_ptr<policy> make_fifo();

/// The highest priority first (first come within one); a waiting task takes the device from the lowest running one of
/// lower priority. Preemptive fixed-priority scheduling: Liu and Layland, JACM 20(1), 1973.
std::unique_ptr<policy> make_priority();

/// The shortest job first, by its size: the mean over all devices of what a whole run takes. Least mean waiting time on
/// one machine: Smith, Naval Research Logistics Quarterly 3, 1956. A task runs to its end.
std::unique_ptr<policy> make_sjf();

/// The earliest deadline first; those without one last. Meets all deadlines on one machine if they can be met: Jackson,
/// UCLA research report 43, 1955. A task runs to its end.
std::unique_ptr<policy> make_edf();

/// The largest waiting task to the fastest device, the smallest to the others, and the reverse of it. Baselines of the
/// study that this project grew from, which asks how much the speeds of unequal devices matter.
std::unique_ptr<policy> make_naive();
std::unique_ptr<policy> make_non_naive();

std::unique_ptr<policy> make_marginal_makespan();

/// The task that gains most from the free device: the least difference of what it takes there and its size. From the
/// same study.
std::unique_ptr<policy> make_best();

} // namespace baton::scheduling::policies
