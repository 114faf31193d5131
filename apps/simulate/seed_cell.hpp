#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "apps/simulate/simulation.hpp"

namespace baton::apps::simulate {

/// What the study varies: the mean interval between requests, and what the latencies of the second GPU are multiplied
/// by.
inline constexpr std::array seed_intervals_ns{10'000, 100'000, 500'000, 1'000'000, 5'000'000, 10'000'000, 100'000'000};
inline constexpr std::array seed_speeds{0.3, 0.4, 0.5, 0.6, 0.7, 0.8};

/// One cell of it: an RTX 2060 and a GTX 1080 Ti behind PCIe 3 x16, the three measured models drawn alike, Poisson
/// arrivals. A device has one task, as in the study, and looks at its messages after each layer.
expected<simulation> make_seed_cell(int interval_ns, double speed, std::uint64_t tasks,
                                    std::vector<std::string> policies, std::uint32_t seeds, std::uint64_t first_seed);

/// The lower bound of a cell's makespan with a seed (lower_bound.hpp). No layer runs before a request's inputs have
/// come over, no request ends before its result has come back: both as quick as any of the links.
expected<time_point> bound_of(const simulation& s, std::uint64_t seed);

} // namespace baton::apps::simulate
