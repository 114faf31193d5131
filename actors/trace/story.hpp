#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "actors/trace/reader.hpp"

namespace baton::actors::trace {

/// A message and what became of it. One of the two may be missing: never handled, or its entry was dropped.
struct exchange {
  std::optional<message_sent> sent;
  std::optional<message_handled> handled;

  const subject& about() const { return sent ? sent->about : handled->about; }
  message_kind what() const { return sent ? sent->what : handled->what; }
  const party& to() const { return sent ? sent->to : handled->to; }
  time_point at() const { return sent ? sent->at : handled->begin; }
};

/// Between two segments of a request shorter waits are messages on their way, not waits for a device.
inline constexpr duration shortest_wait = std::chrono::microseconds{50};

/// Where a request was for a time.
struct phase {
  enum class kind : std::uint8_t { queued, computing, moving };
  kind what{};
  time_point begin{}, end{};
};

struct request_story {
  std::optional<request_arrived> arrived;
  std::optional<time_point> given; ///< by the scheduler to a device for the first time
  std::optional<request_ended> ended;
  std::set<task_id> tasks;           ///< one per attempt
  std::vector<std::size_t> segments; ///< of `story::segments`, in order of time
  std::vector<phase> phases;         ///< from arrival to end (or the trace's), one behind the other
};

/// A trace, put in order.
struct story {
  std::vector<exchange> messages;    ///< in order of time
  std::vector<segment_ran> segments; ///< in order of begin; as the device had them: those of a lane do not overlap
  std::vector<copy_made> copies;     ///< of outputs within a domain as well
  std::vector<job_ran> jobs;
  std::vector<gauge> gauges;
  std::vector<worker_died> deaths;
  std::map<request_id, request_story> requests;
  std::map<task_id, std::set<request_id>> members; ///< of each task, as far as messages said
  std::uint64_t dropped = 0;
  time_point begin{}, end{}; ///< of all
};

story tell(const contents& c);

/// Messages of a party that died before it handled them are told by `handled` missing; others of that kind are on their
/// way still.
bool died(const story& s, const exchange& m);

} // namespace baton::actors::trace
