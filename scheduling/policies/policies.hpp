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

} // namespace baton::scheduling::policies
