#pragma once

#include "actors/done_queue.hpp"

namespace baton::apps {

/// Device time of the attempt that finished, wherever its layers ran.
inline metadata::duration device_time(const actors::done& d) {
  return d.computing;
}

} // namespace baton::apps
