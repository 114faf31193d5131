#pragma once

#include <cstdint>
#include <string>

#include "metadata/error.hpp"

namespace baton::apps::simulate {

/// The study that Baton grew from: how much the speeds of two unequal GPUs matter. An RTX 2060 and a GTX 1080 Ti whose
/// latencies are multiplied by 0.3 to 0.8, the three measured models drawn alike, 100 tasks, Poisson arrivals. Prints
/// the makespan of `naive` over that of each policy, so that below 1 is worse than `naive`, and over the lower bound,
/// mean of the seeds. `csv`, if not empty: a file for all cells. Errors: `io`, `internal`.
expected<void> seed_study(std::uint32_t seeds, std::uint64_t first_seed, const std::string& csv);

} // namespace baton::apps::simulate
