#pragma once

#include <optional>

#include "scheduling/workloads/request_mix.hpp"

namespace baton::scheduling::workloads {

/// Times of asking and of silence that take turns, the first one of asking.
struct on_off {
  interval_law on;
  interval_law off;
};

/// Requests that come whether or not others have ended: Poisson and others by the law of the intervals.
///
/// Rates per model: one open loop for each, merged; their streams are then independent. A shared rate: one open loop of
/// a mix, its weights the popularities; changing the weights changes no time.
struct open_loop {
  interval_law intervals;       ///< between one request and the next, the first counted from the start
  std::optional<on_off> phases; ///< `intervals` count the time of asking only
  std::vector<request_class> mix;
  span_of_time span;
};

/// Errors (`bad_argument`): those of the parts; a mean interval of 0; no end; times of asking of 0, or less
/// than a millionth of the interval.
expected<workload_ptr> make(const open_loop& options, std::uint64_t seed);

} // namespace baton::scheduling::workloads
