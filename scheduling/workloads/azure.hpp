#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>

#include "scheduling/workloads/workload.hpp"

namespace baton::scheduling::workloads {

/// How a day of Azure Functions becomes requests.
struct azure_functions {
  std::vector<request_class> classes; ///< their weights do not matter
  /// A function's HashFunction to one of `classes`; others are left out. Empty: round robin, in the order of the file.
  std::map<std::string, std::uint32_t, std::less<>> class_of;
  std::uint32_t first_minute = 1;            ///< of 1 ... 1440
  std::uint32_t minutes = 1440;              ///< at most, as far as the file goes
  duration minute = std::chrono::minutes(1); ///< how long a minute of the file lasts
};

/// Reads invocations per function and minute and asks as often, in each minute at times drawn uniformly. The form is
/// that of the "Azure Functions Trace 2019" (invocations_per_function_md.anon.d*.csv; Shahrad et al., "Serverless in
/// the Wild", USENIX ATC 2020): columns HashOwner, HashApp, HashFunction, Trigger and 1 ... 1440; of these only
/// HashFunction and the minutes wanted must be there. `arrival::source` is the function: its row in the file, from 0.
/// The times of one function and minute depend on nothing else but the seed. Errors: `bad_argument`, naming line and
/// column: a count that is none, more than `defaults::most_invocations` in one minute; a class that is not there,
/// nothing to ask.
expected<workload_ptr> parse_azure(std::string_view csv, const azure_functions& options, std::uint64_t seed);

} // namespace baton::scheduling::workloads
