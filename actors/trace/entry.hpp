#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "metadata/error.hpp"
#include "metadata/ids.hpp"
#include "scheduling/protocol.hpp"

/// What a message trace holds. As a file: `magic`, `heading`, then entries, each a byte that says which (from 1, in the
/// order of `entry`) and its fields, written by `byte_writer`. The last is `ended`, unless the process was killed.
/// Entries of one thread are in its order, those of several in none. Points in time count from the start of the
/// runtime, on one steady clock, as in the engine log. Numbers of messages may be added at the end of `message_kind`;
/// anything else raises `version`.
namespace baton::actors::trace {

using metadata::device_id;
using metadata::domain_id;
using metadata::duration;
using metadata::model_id;
using metadata::request_id;
using metadata::task_id;
using metadata::time_point;

inline constexpr std::string_view magic = "baton-trace\n";
inline constexpr std::uint32_t version = 1;

struct device_name {
  std::string name;
  domain_id domain;
  std::uint32_t lanes = 1; ///< urgent ones among them
};
struct heading {
  std::uint32_t version = trace::version;
  std::int64_t started = 0; ///< time zero in nanoseconds since the Unix epoch
  std::vector<std::string> domains;
  std::vector<device_name> devices;
};

enum class message_kind : std::uint8_t {
  accept,
  preempt,
  hand_off,
  cancel,
  job,
  bring,
  deliver,
  accepted,
  declined,
  answer,
  finished,
  failed,
  values_lost,
  job_done,
  start_attempt,
  cancel_request,
  attempt_ended,
  model_added,
  model_removed,
  worker_up,
  new_request,
  cancel_wanted,
  end_everything,
  stop_admitting,
  crash,
  wake,
  run_next,
  completions_ready,
  copy_next,
  introduction
};
inline constexpr std::size_t message_kinds = 30;
std::string_view to_string(message_kind k);

/// Who sends or receives: an actor, or who is none: `runtime` (front ends' threads), the `pump` of an asynchronous
/// device, a `timer`.
struct party {
  enum class kind : std::uint8_t { controller, scheduler, worker, transfer, runtime, pump, timer };
  kind what = kind::runtime;
  std::uint32_t index = 0; ///< the device or the (receiving) domain

  party() = default;
  constexpr party(kind k, std::uint32_t i = 0) : what(k), index(i) {}
  constexpr party(const scheduling::party& p) : what(static_cast<kind>(p.what)), index(p.index) {}
  friend auto operator<=>(const party&, const party&) = default;
};

/// What a message is about, as far as it says so; what it does not say is 0, or no device.
struct subject {
  task_id task;
  metadata::task_epoch epoch;
  metadata::command_id command;
  request_id request; ///< the first, of a batch
  metadata::attempt_number attempt;
  metadata::position at;
  device_id device = metadata::no_device;
  scheduling::outcome outcome = scheduling::outcome::applied; ///< of an `answer`
  errc reason = errc::none;
};

struct message_sent {
  time_point at{};
  message_kind what{};
  party from, to;
  subject about;
};
/// The handler began, and ended.
struct message_handled {
  time_point begin{}, end{};
  message_kind what{};
  party to;
  subject about;
};
/// A further member of a batch that a message sent just before named.
struct member {
  time_point at{};
  task_id task;
  request_id request;
};
/// An asynchronous device had it from `begin` to `end`. Of an inline one, `begin`: given to it; `end`: seen to be
/// complete; `elapsed` of that it took.
struct segment_ran {
  time_point begin{}, end{};
  duration elapsed{};
  device_id device;
  metadata::lane_id lane;
  task_id task;
  request_id request; ///< the first, of a batch
  model_id model;
  metadata::position first, last; ///< behind the last part
  errc failure = errc::none;
};
struct copy_made {
  time_point begin{}, end{};
  domain_id from, to;
  device_id storer = metadata::no_device; ///< whose worker copied the outputs of its own domain
  std::uint64_t bytes = 0;
  task_id task;
  request_id request; ///< the first, of a batch
  metadata::position at;
  errc failure = errc::none;
};
struct job_ran {
  enum class kind : std::uint8_t { weights, plan, eviction };
  time_point begin{}, end{};
  kind what{};
  device_id device;
  model_id model;
  metadata::command_id command;
  errc failure = errc::none;
};
struct request_arrived {
  time_point at{};
  request_id request;
  model_id model;
  std::int32_t priority = 0;
  std::int64_t rows = 1;
};
struct request_ended {
  time_point at{};
  request_id request;
  errc outcome = errc::none;
  std::uint32_t attempts = 1;
  device_id device = metadata::no_device; ///< where it finished
};
/// From `at` on.
struct gauge {
  enum class kind : std::uint8_t { waiting, held };
  time_point at{};
  kind what{};
  device_id device; ///< of `held`
  std::uint64_t tasks = 0;
};
struct worker_died {
  time_point at{};
  device_id device;
};
/// So many entries of one thread found no room since the last time.
struct entries_dropped {
  time_point at{};
  std::uint64_t count = 0;
};

/// What threads record: numbers only.
using record = std::variant<message_sent, message_handled, member, segment_ran, copy_made, job_ran, request_arrived,
                            request_ended, gauge, worker_died, entries_dropped>;

/// A model that may be asked for.
struct model_named {
  model_id model;
  std::string name;
  std::vector<std::string> layers;
};
/// The trace ends here; `why` is empty where the runtime ended with it.
struct ended {
  time_point at{};
  std::string why;
};

inline constexpr std::uint8_t model_tag = std::variant_size_v<record> + 1;
inline constexpr std::uint8_t ended_tag = model_tag + 1;

/// Whether all it refers to is in the heading and every enumerator is one.
bool valid(const record& r, const heading& h);

template <class I>
auto inspect(I& f, device_name& x) {
  return f(x.name, x.domain, x.lanes);
}
template <class I>
auto inspect(I& f, heading& x) {
  return f(x.version, x.started, x.domains, x.devices);
}
template <class I>
auto inspect(I& f, party& x) {
  return f(x.what, x.index);
}
template <class I>
auto inspect(I& f, subject& x) {
  return f(x.task, x.epoch, x.command, x.request, x.attempt, x.at, x.device, x.outcome, x.reason);
}
template <class I>
auto inspect(I& f, message_sent& x) {
  return f.instant(x.at) && f(x.what, x.from, x.to, x.about);
}
template <class I>
auto inspect(I& f, message_handled& x) {
  return f.instant(x.begin) && f.instant(x.end) && f(x.what, x.to, x.about);
}
template <class I>
auto inspect(I& f, member& x) {
  return f.instant(x.at) && f(x.task, x.request);
}
template <class I>
auto inspect(I& f, segment_ran& x) {
  return f.instant(x.begin) && f.instant(x.end)
         && f(x.elapsed, x.device, x.lane, x.task, x.request, x.model, x.first, x.last, x.failure);
}
template <class I>
auto inspect(I& f, copy_made& x) {
  return f.instant(x.begin) && f.instant(x.end)
         && f(x.from, x.to, x.storer, x.bytes, x.task, x.request, x.at, x.failure);
}
template <class I>
auto inspect(I& f, job_ran& x) {
  return f.instant(x.begin) && f.instant(x.end) && f(x.what, x.device, x.model, x.command, x.failure);
}
template <class I>
auto inspect(I& f, request_arrived& x) {
  return f.instant(x.at) && f(x.request, x.model, x.priority, x.rows);
}
template <class I>
auto inspect(I& f, request_ended& x) {
  return f.instant(x.at) && f(x.request, x.outcome, x.attempts, x.device);
}
template <class I>
auto inspect(I& f, gauge& x) {
  return f.instant(x.at) && f(x.what, x.device, x.tasks);
}
template <class I>
auto inspect(I& f, worker_died& x) {
  return f.instant(x.at) && f(x.device);
}
template <class I>
auto inspect(I& f, entries_dropped& x) {
  return f.instant(x.at) && f(x.count);
}
template <class I>
auto inspect(I& f, model_named& x) {
  return f(x.model, x.name, x.layers);
}
template <class I>
auto inspect(I& f, ended& x) {
  return f.instant(x.at) && f(x.why);
}

} // namespace baton::actors::trace
