#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "scheduling/engine.hpp"

namespace baton::testing {

using namespace scheduling;

/// Keeps count of what an engine was told and what it did, and says the first thing that it must not have done.
class ledger {
public:
  /// `steered`: requests may order hand-overs, so that a device gets tasks that no decision gave it; then where tasks
  /// are and what is pending is not followed here (tests/protocol does).
  /// `ahead`: the policy may give a device one task more, whose inputs are brought until a lane is free.
  /// `steps`: of each recurrent layer.
  ledger(const cluster& devices, duration backlog, bool steered, bool ahead, std::uint32_t steps)
      : devices_(devices), backlog_(backlog), steered_(steered), ahead_(ahead), steps_(steps),
        busy_(devices.devices.size()) {}

  /// Before the engine has it.
  void told(const event& e);
  /// What the engine did then, in order.
  void did(const actions& all);
  /// Whether the engine and the books agree on where tasks are.
  void compare(const engine& e);
  /// The controller has it.
  void delivered(const finished& f);
  /// How many hold each task.
  void held(const std::map<task_id, int>& holders);
  /// Nothing can happen any more.
  void at_rest(const engine& e);

  const std::string& broken() const { return broken_; } ///< empty: nothing
  bool open(request_id r) const;
  std::uint64_t starts = 0, lines = 0, preempts = 0, given_up = 0;
  std::uint64_t evictions = 0;
  std::uint64_t together = 0; ///< starts of tasks of several requests
  std::uint64_t apart = 0;    ///< of these, at different steps

private:
  using attempt = std::pair<request_id, attempt_number>;
  struct asked {
    start_attempt what;
    int ends = 0;
    int results = 0;           ///< that the controller has had
    bool finished = false;     ///< so it ended for the engine
    bool given = false;        ///< to a device, once
    position at{};             ///< its own, when it was last with the engine
    std::optional<task_id> in; ///< the task that it was last given in; none: it has left that
  };
  struct entry {
    std::vector<member> of; ///< its members
    model_id model;
    std::vector<std::int64_t> symbols;
    device_id on = no_device; ///< whom it was given to
    bool leaving = false;
    bool ended = false;
    command_id start, preempting, cancelling; ///< not yet answered
    command_id standing;                      ///< likewise: the order that went with its start
    device_id receiver = no_device;           ///< of `start`; no_device: a transfer
    device_id cancelled_on = no_device;       ///< the receiver of `cancelling`
    task_epoch epoch;
  };

  void told(const answer& a);
  void told(const worker_down& e);
  template <class Start>
  void given(const Start& m, device_id d, device_id receiver);
  void take_members(const task& what, entry& t, device_id d);
  void check_lanes(const entry& t, device_id d);
  void commanded(const envelope& e);
  void check_evicted(const job& j);
  void ended(const attempt& a, const std::string& how);
  asked& asked_by(const member& m) { return attempts_[{m.request, m.attempt}]; }
  position own(const position& at, const member& m) const;
  void fail(const std::string& what) {
    if (broken_.empty())
      broken_ = what;
  }
  entry* find(task_id t);
  duration predicted(const entry& t, device_id d) const;
  using plan = std::tuple<domain_id, std::uint32_t, model_id, std::vector<std::int64_t>>;
  plan plan_of(const entry& t, device_id d) const {
    return {devices_.at(d).domain, devices_.at(d).kind, t.model, t.symbols};
  }

  cluster devices_;
  duration backlog_;
  bool steered_;
  bool ahead_;
  std::uint32_t steps_;
  std::map<attempt, asked> attempts_;
  std::map<task_id, entry> tasks_;
  std::set<device_id> up_;
  std::optional<device_id> exchanged_;                           ///< has just had a task taken back
  std::vector<std::optional<std::pair<command_id, plan>>> busy_; ///< by device: its job
  std::map<plan, duration> plans_;                               ///< built, with what a run takes
  std::string broken_;
};

} // namespace baton::testing
