#pragma once

#include <memory>
#include <string>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/type_id.hpp>

#include "scheduling/engine.hpp"
#include "scheduling/protocol.hpp"

/// The messages that only this folder knows; the rest are `scheduling/protocol.hpp`'s.
namespace baton::actors {

struct directory;

/// Runtime to controller: a request whose record is in the request table.
struct new_request {
  scheduling::start_attempt first;
  metadata::time_point submitted{};
};
/// Runtime to controller: the client gave up.
struct cancel_wanted {
  metadata::request_id request;
};
/// Runtime to controller: end what is open, take nothing new.
struct end_everything {
  errc why = errc::unavailable;
  std::string message;
};
/// Runtime to scheduler: no new attempts.
struct stop_admitting {};
/// Runtime to scheduler: kill this device's worker as a crash would.
struct crash {
  metadata::device_id device;
};
/// Scheduler to itself: a `wake_at` has come.
struct wake {
  metadata::time_point when{};
};
/// Worker to itself: the next segment. The one message of normal priority, and there is at most one.
struct run_next {};
/// The pump of an asynchronous device to its worker: completions can be polled.
struct completions_ready {};
/// Transfer to itself: the next copy. Likewise.
struct copy_next {};
/// House to scheduler, scheduler to workers and transfers: who is where from now on. `replaced` is new; the one it
/// replaces is dead, and everything it had sent to anybody has arrived.
struct introduction {
  std::shared_ptr<const directory> who;
  metadata::device_id replaced = metadata::no_device;
};

template <class I>
auto inspect(I& f, new_request& x) {
  return f(x.first, x.submitted);
}
template <class I>
auto inspect(I& f, cancel_wanted& x) {
  return f(x.request);
}
template <class I>
auto inspect(I& f, end_everything& x) {
  return f(x.why, x.message);
}
template <class I>
auto inspect(I& f, stop_admitting&) {
  return f();
}
template <class I>
auto inspect(I& f, crash& x) {
  return f(x.device);
}
template <class I>
auto inspect(I& f, wake& x) {
  return f(x.when);
}
template <class I>
auto inspect(I& f, completions_ready&) {
  return f();
}
template <class I>
auto inspect(I& f, run_next&) {
  return f();
}
template <class I>
auto inspect(I& f, copy_next&) {
  return f();
}

} // namespace baton::actors

CAF_BEGIN_TYPE_ID_BLOCK(baton, caf::first_custom_type_id)
CAF_ADD_TYPE_ID(baton, (baton::scheduling::accept))
CAF_ADD_TYPE_ID(baton, (baton::scheduling::preempt))
CAF_ADD_TYPE_ID(baton, (baton::scheduling::hand_off))
CAF_ADD_TYPE_ID(baton, (baton::scheduling::cancel))
CAF_ADD_TYPE_ID(baton, (baton::scheduling::job))
CAF_ADD_TYPE_ID(baton, (baton::scheduling::bring))
CAF_ADD_TYPE_ID(baton, (baton::scheduling::deliver))
CAF_ADD_TYPE_ID(baton, (baton::scheduling::accepted))
CAF_ADD_TYPE_ID(baton, (baton::scheduling::declined))
CAF_ADD_TYPE_ID(baton, (baton::scheduling::answer))
CAF_ADD_TYPE_ID(baton, (baton::scheduling::finished))
CAF_ADD_TYPE_ID(baton, (baton::scheduling::failed))
CAF_ADD_TYPE_ID(baton, (baton::scheduling::values_lost))
CAF_ADD_TYPE_ID(baton, (baton::scheduling::job_done))
CAF_ADD_TYPE_ID(baton, (baton::scheduling::start_attempt))
CAF_ADD_TYPE_ID(baton, (baton::scheduling::cancel_request))
CAF_ADD_TYPE_ID(baton, (baton::scheduling::attempt_ended))
CAF_ADD_TYPE_ID(baton, (baton::scheduling::model_added))
CAF_ADD_TYPE_ID(baton, (baton::scheduling::model_removed))
CAF_ADD_TYPE_ID(baton, (baton::scheduling::worker_up))
CAF_ADD_TYPE_ID(baton, (baton::actors::new_request))
CAF_ADD_TYPE_ID(baton, (baton::actors::cancel_wanted))
CAF_ADD_TYPE_ID(baton, (baton::actors::end_everything))
CAF_ADD_TYPE_ID(baton, (baton::actors::stop_admitting))
CAF_ADD_TYPE_ID(baton, (baton::actors::crash))
CAF_ADD_TYPE_ID(baton, (baton::actors::wake))
CAF_ADD_TYPE_ID(baton, (baton::actors::run_next))
CAF_ADD_TYPE_ID(baton, (baton::actors::completions_ready))
CAF_ADD_TYPE_ID(baton, (baton::actors::copy_next))
CAF_END_TYPE_ID_BLOCK(baton)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(baton::actors::introduction)
