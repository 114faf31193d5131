#pragma once

#include <span>
#include <string>
#include <string_view>

#include "scheduling/workloads/workload.hpp"

namespace baton::scheduling::workloads {

/// These requests; those at the same time in the order given.
workload_ptr replay(std::vector<arrival> requests);

/// Reads requests from comma-separated text with the columns, in any order, `time` (ns from the start), `model` (one of
/// `models`), and, if wanted, `priority`, `deadline` (ns from the start; empty: none) and `rows`. Rows may be in any
/// order. Errors: `bad_argument`, naming line and column: an unknown model or column, a number out of range, a deadline
/// before its time.
expected<std::vector<arrival>> parse_trace(std::string_view csv, std::span<const std::string> models);

} // namespace baton::scheduling::workloads
