#pragma once

#include <numeric>

#include "actors/done_queue.hpp"

namespace baton::apps {

/// Device time of the attempt that finished, wherever its layers ran: `busy` alone is that of its last stay.
inline metadata::duration device_time(const actors::done& d) {
  return d.layer_time.empty() ? d.busy
                              : std::accumulate(d.layer_time.begin(), d.layer_time.end(), metadata::duration{});
}

} // namespace baton::apps
