#pragma once

#include "scheduling/workloads/request_mix.hpp"

namespace baton::scheduling::workloads {

/// Clients of which each has one request open at most: it asks, waits for the end, thinks, and asks again. Each has
/// random numbers of its own, so that what one client meets changes nothing for the others.
///
/// Who thinks for no time and is answered at once asks again at the same moment: where requests may be refused, let
/// clients think, or bound the requests.
struct closed_loop {
  std::uint32_t clients = 1;
  interval_law think{.kind = interval_law::shape::fixed, .mean = {}};
  bool think_first = false; ///< else all ask at the start
  std::vector<request_class> mix;
  span_of_time span; ///< `requests` of all clients together
};

/// `arrival::source` is the client. Errors (`bad_argument`): those of the parts; no clients, or more than a million; no
/// end.
expected<workload_ptr> make(const closed_loop& options, std::uint64_t seed);

} // namespace baton::scheduling::workloads
