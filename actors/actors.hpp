#pragma once

#include <vector>

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include "actors/messages.hpp"
#include "actors/trace/notes.hpp"

/// The interfaces of all actors. Everything between actors is sent with high priority, so that each receiver sees each
/// sender's messages, and its death after them, in order; only `run_next` and `copy_next` are normal, so that commands
/// are seen between segments.
namespace baton::actors {

using controller_actor = caf::typed_actor<
    /// Starts attempt 1; the request ends exactly once, through the done queue.
    caf::reacts_to<new_request>,
    /// Asks the scheduler to end the current attempt; the request ends when that is answered, or with its result.
    caf::reacts_to<cancel_wanted>,
    /// Ends the members' requests with their results, if the attempt is the current one.
    caf::reacts_to<scheduling::finished>,
    /// Starts the next attempt where another may help, else ends the request.
    caf::reacts_to<scheduling::attempt_ended>,
    /// Every open request ends now; later ones end as they come.
    caf::reacts_to<end_everything>>;

using scheduler_actor = caf::typed_actor<
    // Inputs of the engine: logged, answered by its actions.
    caf::reacts_to<scheduling::start_attempt>, caf::reacts_to<scheduling::cancel_request>,
    caf::reacts_to<scheduling::answer>, caf::reacts_to<scheduling::finished>, caf::reacts_to<scheduling::failed>,
    caf::reacts_to<scheduling::values_lost>, caf::reacts_to<scheduling::job_done>,
    caf::reacts_to<scheduling::model_added>, caf::reacts_to<scheduling::model_removed>,
    /// A worker has attached its device and can be given tasks.
    caf::reacts_to<scheduling::worker_up>,
    /// The engine rejects attempts from now on.
    caf::reacts_to<stop_admitting>,
    /// The engine looks at its deadlines.
    caf::reacts_to<wake>,
    /// Spawns the workers and introduces everybody to everybody. Once, first.
    caf::reacts_to<introduction>,
    /// Kills the worker; what follows is what follows any death.
    caf::reacts_to<crash>>;

using worker_actor = caf::typed_actor<
    /// Takes the task, or says to giver and scheduler why not. Exactly one answer per command, in time.
    caf::reacts_to<scheduling::accept>,
    /// Gives the task back at the next boundary at or after the position; answered exactly once.
    caf::reacts_to<scheduling::preempt>,
    /// Gives the task away at the next boundary at or after the position; answered once, here or by the receiver.
    caf::reacts_to<scheduling::hand_off>,
    /// Drops a member at the next boundary; answered exactly once.
    caf::reacts_to<scheduling::cancel>,
    /// Builds the plan before it looks at anything else; answered by `job_done`.
    caf::reacts_to<scheduling::job>,
    /// The receiver holds the task we gave: forgets it.
    caf::reacts_to<scheduling::accepted>,
    /// The receiver did not take the task we gave: holds it again and answers the command.
    caf::reacts_to<scheduling::declined>,
    /// The first: attaches the device and reports `worker_up`. A later one: a peer has been replaced.
    caf::reacts_to<introduction>,
    /// Settles what an asynchronous device has completed.
    caf::reacts_to<completions_ready>,
    /// Runs one segment, then asks for the next one if there is one.
    caf::reacts_to<run_next>>;

using transfer_actor = caf::typed_actor<
    /// Holds the task until its values are here and its worker has accepted; or says why not.
    caf::reacts_to<scheduling::bring>,
    /// Brings outputs home and reports `finished`, or that they are lost.
    caf::reacts_to<scheduling::deliver>,
    /// The worker holds the task we delivered.
    caf::reacts_to<scheduling::accepted>,
    /// The worker did not take it: gives it to the scheduler.
    caf::reacts_to<scheduling::declined>,
    /// A peer is new or has been replaced.
    caf::reacts_to<introduction>,
    /// Makes one copy, then asks for the next one if there is one.
    caf::reacts_to<copy_next>>;

/// Who is where. Immutable; a change is a new one.
struct directory {
  controller_actor controller;
  scheduler_actor scheduler;
  std::vector<worker_actor> workers;     ///< by device
  std::vector<transfer_actor> transfers; ///< by domain
};

/// Sends the message to the party it is for.
void post(const directory& to, const trace::voice& from, scheduling::envelope&& letter);

} // namespace baton::actors
