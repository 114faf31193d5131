#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "metadata/profile.hpp"
#include "scheduling/cluster.hpp"
#include "scheduling/defaults.hpp"
#include "scheduling/protocol.hpp"
#include "scheduling/short_queue.hpp"

namespace baton::scheduling {

/// The parts that a worker runs between two looks at its mailbox.
struct segment {
  task_id task;
  lane_id lane;
  std::uint64_t sequence = 0; ///< of its lane, from 1
  position begin;
  position end;
};

/// What a worker's host must do after giving its run queue an input. In order.
struct release {
  task_id task; ///< the run queue has no further use for the task: drop its bindings (its values stay in the domain)
};
using effect = std::variant<envelope, release>;
using effects = std::vector<effect>;

/// The state of one worker: tasks held, ready list, lanes, segments in flight, tasks given away but not yet accepted. A
/// pure state machine: the live worker and the emulator host it alike. It never looks at a clock and may be copied.
///
/// The host's loop: give it each message; ask `next` until it has nothing; submit; give it each completion. On an
/// inline device messages are given only between a completion and the next submit.
class run_queue {
public:
  struct config {
    device_id self;
    std::shared_ptr<const cluster> devices;
    duration quantum = defaults::quantum;
    std::uint32_t max_in_flight = 1; ///< segments per lane: 1 on an inline device, 2 on an asynchronous one
    /// Lanes of higher priority, numbered behind the others. A task that is more important than all that run or drain
    /// takes one, so that it waits for no segment of theirs. They raise how fast it starts, not how many run at once.
    std::uint32_t urgent_lanes = 0;
  };

  explicit run_queue(config c);

  // -- inputs ---------------------------------------------------------------------------------------------------------
  /// @pre the host has bound the task's memory and plan
  void on(accept m, std::shared_ptr<const plan_profile> profile, effects& out);
  /// The host could not bind (no plan, no memory): refuses.
  void refuse(const accept& m, errc reason, std::string text, effects& out);
  void on(const preempt& m, effects& out);
  void on(const hand_off& m, effects& out);
  void on(const cancel& m, effects& out);
  void on(const accepted& m, effects& out);
  /// Also for an accept whose receiver died before it accepted: the host that sees the death of the very worker that it
  /// had sent the accept to (not of a later one of the same device) says `declined` with `receiver_down` in its name.
  void on(const declined& m, effects& out);
  /// The host has submitted what `next` gave: an order that is due at the issued frontier is obeyed before the segment
  /// has run. Not on an inline device: it has run by now.
  void submitted(const segment& s, effects& out);
  /// The device would not take what `next` gave, by the fault of its task: it was never issued, and the task ends so.
  void not_submitted(const segment& s, errc reason, std::string text, effects& out);
  /// The oldest segment in flight on `lane` completed.
  void completed(lane_id lane, std::uint64_t sequence, duration elapsed, effects& out);
  /// It completed without a result by the fault of the task's data.
  void failed_segment(lane_id lane, std::uint64_t sequence, errc reason, std::string text, effects& out);

  // -- outputs --------------------------------------------------------------------------------------------------------
  /// The next segment to submit, if a lane has room; it counts as issued. Highest priority first, then first come.
  std::optional<segment> next();
  /// Whether `next` would return one.
  bool has_next() const;
  bool idle() const;
  /// Whether this queue is the task's holder (a task given away but not yet accepted is still recorded, but not held).
  bool holds(task_id t) const;
  std::size_t held() const;

  /// For logs and model checking: everything that decides its future behaviour.
  std::string describe() const;

private:
  struct record {
    task what; ///< `at` is the issued frontier
    std::shared_ptr<const plan_profile> profile;
    position done;  ///< completed frontier
    order standing; ///< preempt or hand_off not yet due
    std::optional<cancel> cancelling;
    std::optional<std::uint32_t> lane; ///< holds this lane
    std::uint32_t in_flight = 0;
    std::uint64_t arrival = 0; ///< unlike any other stay's
    duration busy{};
    std::optional<party> given_to; ///< handed over under epoch + 1, not yet accepted
    std::optional<error> failure;  ///< it ends so once nothing of it is in flight

    bool has_orders() const { return standing.what != order::kind::none || cancelling; }
  };
  struct issued_segment {
    segment what;
    std::uint64_t stay = 0; ///< the record's `arrival`: a task may leave and come back meanwhile
    std::int32_t priority = 0;
  };
  struct lane_state {
    std::uint64_t issued = 0;
    std::optional<task_id> owner;
    short_queue<issued_segment> in_flight;
  };
  struct memory {
    task_epoch epoch;
    bool ended = false;
  };

  record* held_record(task_id t, task_epoch e);
  /// An order that is not yet due gives way to a later one, and is answered.
  void replace_order(record& r, const order& by, effects& out);
  void obey(record& r, effects& out);
  bool is_due(const record& r) const;
  /// Whether what is in flight of it may still turn out to be at fault: until then it stays.
  bool may_fail(const record& r) const;
  void give_back(record& r, effects& out);
  void give_away(record& r, effects& out);
  void take_again(record& r, errc reason, const std::string& text, effects& out);
  void end(record& r, effects& out);
  void drop(task_id t, bool ended, effects& out);
  void free_lane(record& r);
  void remember(task_id t, task_epoch e, bool ended);
  ready_ticket wrote_last(const record& r) const;
  position segment_end(const record& r) const;
  template <class Queue>
  static auto pick(Queue& q, std::uint32_t lane) -> decltype(&q.tasks_.begin()->second);
  std::optional<task_id> pick_ready(std::uint32_t lane) const;
  bool is_urgent(const record& r) const;
  segment issue(std::uint32_t lane, record& r);
  record* settle(lane_id lane, std::uint64_t sequence);
  void fail(record& r, effects& out);
  void reply(command_id c, task_id t, task_epoch e, outcome what, errc reason, std::string text, effects& out) const;
  void reply_unknown(command_id c, task_id t, task_epoch e, effects& out) const;

  config config_;
  bool one_kind_; ///< of devices; else tasks leave where no layer is begun that a plan has cut
  std::map<task_id, record> tasks_;
  std::vector<lane_state> lanes_;
  std::size_t in_flight_ = 0; ///< on all of them
  std::map<task_id, memory> seen_;
  std::deque<task_id> seen_order_;
  std::uint64_t arrivals_ = 0;
};

} // namespace baton::scheduling
