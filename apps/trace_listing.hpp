#pragma once

#include <optional>
#include <string>

#include "actors/trace/story.hpp"

namespace baton::apps {

/// Which messages to list; all of them if neither is given.
struct message_choice {
  std::optional<metadata::request_id> request;
  std::optional<metadata::task_id> task;
};

/// Those messages as a table in order of time. With `request` also those of its tasks.
std::string message_table(const actors::trace::contents& c, const actors::trace::story& s, const message_choice& which);

/// How much of what the trace holds, whether it is whole, and what each device was busy with.
std::string trace_summary(const actors::trace::contents& c, const actors::trace::story& s);

} // namespace baton::apps
