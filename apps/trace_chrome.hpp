#pragma once

#include <cstddef>
#include <ostream>

#include "actors/trace/story.hpp"

namespace baton::apps {

/// Writes a trace as Chrome's trace events (JSON), which Perfetto and chrome://tracing show. Returns how many events.
/// `messages`: also what workers and transfers handled, and an arrow for each message.
std::size_t write_chrome_trace(std::ostream& out, const actors::trace::contents& c, const actors::trace::story& s,
                               bool messages);

} // namespace baton::apps
