#pragma once

#include <string>
#include <variant>

#include "metadata/error.hpp"
#include "metadata/profile.hpp"
#include "metadata/resource_use.hpp"
#include "scheduling/task.hpp"

/// The messages between controller, scheduler, workers and transfers, and what each promises. The state machines of
/// this folder consume and produce them; `actors/` carries them. docs/decisions/001 tells the hand-over step by step.
namespace baton::scheduling {

/// An address. There is one controller, one scheduler, a worker per device, a transfer per (receiving) domain.
struct party {
  enum class kind : std::uint8_t { controller, scheduler, worker, transfer };
  kind what = kind::scheduler;
  std::uint32_t index = 0; ///< the device or the domain
  friend auto operator<=>(const party&, const party&) = default;
};
inline constexpr party the_controller{party::kind::controller, 0};
inline constexpr party the_scheduler{party::kind::scheduler, 0};
inline constexpr party worker_of(device_id d) {
  return {party::kind::worker, d.value};
}
inline constexpr party transfer_of(domain_id d) {
  return {party::kind::transfer, d.value};
}

/// What the worker is to do with a task when it reaches `at`, or at the next boundary after it.
struct order {
  enum class kind : std::uint8_t { none, preempt, hand_off };
  kind what = kind::none;
  command_id command;
  position at;
  device_id to = no_device;
};

// -- commands: each gets exactly one `answer` ------------------------------------------------------------------------

/// To a worker, from scheduler, transfer or another worker (`giver`): the task is yours. Answered to the scheduler by
/// the receiver: `applied`. The giver, unless it is the scheduler, hears `accepted` or `declined`. `then`, if any, is a
/// command of its own that follows without a message; it gets its own answer.
struct accept {
  command_id command;
  task what;
  party giver;
  order then;
};
/// To a worker: give the task back to the scheduler at the next boundary at or after `at`; its values stay in the
/// domain.
struct preempt {
  command_id command;
  task_id task;
  task_epoch epoch;
  position at;
};
/// To a worker: give the task to `to` at the next boundary at or after `at`. `direct`: `to` shares domain and device
/// kind, so the handle is enough; else through the transfer into `to_domain`. Answered `applied` by the receiver once
/// it holds the task, or by whoever holds it otherwise.
struct hand_off {
  command_id command;
  task_id task;
  task_epoch epoch;
  position at;
  device_id to = no_device;
};
/// To a worker: drop this member at the next boundary; the task ends if it was the last. Request 0 means all members (a
/// task that the engine has already given up). The one command that may follow another of the same task before that is
/// answered: where both are there, cancel wins and the other is answered `too_late`.
struct cancel {
  command_id command;
  task_id task;
  task_epoch epoch;
  request_id request;
  attempt_number attempt;
};
/// To a worker: weights to load and a plan to build; before that, all that the domain has of the models `evict`ed goes.
/// Holds no request. Answered by `job_done`.
struct job {
  command_id command;
  domain_id domain;
  model_id model;
  std::vector<std::int64_t> symbols;
  std::vector<model_id> evict{};
};
/// To the transfer into a domain: hold the task, copy its live set here from `from`, then give it to the worker of
/// `to`. A giver that is a worker hears `accepted` or `declined` at once. Answered by that worker (`applied`), or by
/// the transfer
/// (`refused`, the scheduler then holds the task): with `values_in` here once the copy is complete, else where they
/// were.
struct bring {
  command_id command;
  task what;
  domain_id from;
  device_id from_device; ///< whose kind's plan laid the values out; no_device: only inputs, from the request
  domain_id into;
  device_id to;
  party giver;
  order then;
};
/// To the host domain's transfer, from a worker elsewhere: the task is at its end; bring the outputs home and report
/// `finished`.
struct deliver {
  task what;
  domain_id from;
  device_id device;
  duration busy{};
};

// -- replies ---------------------------------------------------------------------------------------------------------

/// Receiver to giver: I hold the task; forget it.
struct accepted {
  task_id task;
  task_epoch epoch;
};
/// Receiver to giver: I do not take it; you still hold it.
struct declined {
  task_id task;
  task_epoch epoch;
  errc reason = errc::none;
  std::string message;
};

enum class outcome : std::uint8_t {
  applied,  ///< done, at `position`
  too_late, ///< the task finished first; `finished` has been sent
  not_here, ///< the receiver of the command does not hold the task at that epoch
  refused,  ///< not done, task unchanged; `reason` says why
  lost,     ///< the receiver of the command died (the engine's own answer)
};

/// To the scheduler: what became of a command. `epoch`, `holder` and `values_in` describe the task after it.
struct answer {
  command_id command;
  task_id task;
  task_epoch epoch;
  outcome what = outcome::applied;
  errc reason = errc::none;
  std::string message;
  position at;
  party holder;
  domain_id values_in = no_domain;
  device_id laid_out_by = no_device; ///< the device whose kind's plan laid the values out
  ready_ticket ready;
  duration busy{}; ///< device time spent on the task since its accept, where the answer ends its stay
  phases spent;    ///< by the task so far, where the scheduler holds it now
  detours taken;   ///< likewise
};

// -- events ----------------------------------------------------------------------------------------------------------

/// To controller and scheduler: the task is done and its outputs are in the host domain's request record.
struct finished {
  task_id task;
  task_epoch epoch;
  device_id device;
  std::vector<member> members;
  duration busy{};
  phases spent;  ///< by the attempt
  detours taken; ///< by the attempt
};
/// To the scheduler: the task ended by its own fault (bad data): no other attempt will help.
struct failed {
  task_id task;
  task_epoch epoch;
  device_id device;
  errc reason = errc::none;
  std::string message;
};
/// To the scheduler: the values of a task are gone (its ready ticket failed, or its outputs could not be fetched).
struct values_lost {
  task_id task;
  task_epoch epoch;
};
struct job_done {
  command_id command;
  device_id device;
  errc failure = errc::none; ///< none: the plan is there
  std::string message;       ///< why it is not, or lacks layers
  duration predicted{};      ///< of a whole run on this device kind; 0: not known
  metadata::lacking_layers lacking{};
  std::vector<std::int64_t> layer_ns{}; ///< how long each layer takes; empty: not known
  /// What each layer uses of the device; empty: not known, and lanes are taken not to slow each other.
  std::vector<metadata::resource_use> layer_use{};
};

/// What the engine does to a running task at a given place, asked for with the request: by `baton run --move-after`, by
/// tests and by the demo. Consumed in order.
struct steering {
  order::kind what = order::kind::none;
  position at;
  device_id to = no_device; ///< hand_off: the receiver; preempt: where to resume, or no_device for the policy's choice
};
/// Controller to scheduler: begin an attempt.
struct start_attempt {
  request_id request;
  attempt_number attempt;
  model_id model;
  std::vector<std::int64_t> symbols;
  std::int64_t rows = 1;
  std::int32_t priority = 0;
  time_point deadline = never;
  device_id pinned = no_device; ///< first device, if the client asked for one
  std::vector<steering> steps;
};
struct cancel_request {
  request_id request;
  attempt_number attempt;
};
/// Scheduler to controller: the attempt ended without a result. `attempt_lost` and `values_lost` may be tried again,
/// the rest not.
struct attempt_ended {
  request_id request;
  attempt_number attempt;
  errc reason = errc::none;
  std::string message;
};

using message = std::variant<accept, preempt, hand_off, cancel, job, bring, deliver, accepted, declined, answer,
                             finished, failed, values_lost, job_done, start_attempt, cancel_request, attempt_ended>;

/// A message on its way.
struct envelope {
  party to;
  message what;
};

template <class I>
auto inspect(I& f, party& x) {
  return f(x.what, x.index);
}
template <class I>
auto inspect(I& f, order& x) {
  return f(x.what, x.command, x.at, x.to);
}
template <class I>
auto inspect(I& f, accept& x) {
  return f(x.command, x.what, x.giver, x.then);
}
template <class I>
auto inspect(I& f, preempt& x) {
  return f(x.command, x.task, x.epoch, x.at);
}
template <class I>
auto inspect(I& f, hand_off& x) {
  return f(x.command, x.task, x.epoch, x.at, x.to);
}
template <class I>
auto inspect(I& f, cancel& x) {
  return f(x.command, x.task, x.epoch, x.request, x.attempt);
}
template <class I>
auto inspect(I& f, job& x) {
  return f(x.command, x.domain, x.model, x.symbols, x.evict);
}
template <class I>
auto inspect(I& f, bring& x) {
  return f(x.command, x.what, x.from, x.from_device, x.into, x.to, x.giver, x.then);
}
template <class I>
auto inspect(I& f, deliver& x) {
  return f(x.what, x.from, x.device, x.busy);
}
template <class I>
auto inspect(I& f, accepted& x) {
  return f(x.task, x.epoch);
}
template <class I>
auto inspect(I& f, declined& x) {
  return f(x.task, x.epoch, x.reason, x.message);
}
template <class I>
auto inspect(I& f, answer& x) {
  return f(x.command, x.task, x.epoch, x.what, x.reason, x.message, x.at, x.holder, x.values_in, x.laid_out_by, x.ready,
           x.busy, x.spent, x.taken);
}
template <class I>
auto inspect(I& f, finished& x) {
  return f(x.task, x.epoch, x.device, x.members, x.busy, x.spent, x.taken);
}
template <class I>
auto inspect(I& f, failed& x) {
  return f(x.task, x.epoch, x.device, x.reason, x.message);
}
template <class I>
auto inspect(I& f, values_lost& x) {
  return f(x.task, x.epoch);
}
template <class I>
auto inspect(I& f, job_done& x) {
  return f(x.command, x.device, x.failure, x.message, x.predicted, x.lacking, x.layer_ns, x.layer_use);
}
template <class I>
auto inspect(I& f, steering& x) {
  return f(x.what, x.at, x.to);
}
template <class I>
auto inspect(I& f, start_attempt& x) {
  return f(x.request, x.attempt, x.model, x.symbols, x.rows, x.priority, x.deadline, x.pinned, x.steps);
}
template <class I>
auto inspect(I& f, cancel_request& x) {
  return f(x.request, x.attempt);
}
template <class I>
auto inspect(I& f, attempt_ended& x) {
  return f(x.request, x.attempt, x.reason, x.message);
}

} // namespace baton::scheduling
