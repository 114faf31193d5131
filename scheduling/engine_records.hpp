#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "scheduling/engine.hpp"
#include "scheduling/plan_table.hpp"
#include "scheduling/policy.hpp"
#include "scheduling/waiting_index.hpp"

/// What the engine knows of each task, command, device, shape, model and memory.
namespace baton::scheduling {

/// A request of a task, until its end.
struct rider {
  request_id request;
  attempt_number attempt;
  time_point deadline = never;
  std::int32_t priority = 0;
  errc ending = errc::none; ///< why it is to end as soon as it can be reached, though others may go on
};

/// A task as the engine knows it, from `start_attempt` to its end.
struct task_state {
  task what;
  std::vector<rider> riders;
  std::uint64_t arrival = 0;
  time_point waiting_since{};   ///< while it waits here
  device_id device = no_device; ///< whom it was given to; no_device: it waits here
  domain_id values_in = no_domain;
  device_id laid_out_by = no_device;
  device_id last_device = no_device;
  device_id pinned = no_device;
  std::vector<steering> steps; ///< the next one first
  command_id main;             ///< the start or preempt not yet answered; 0: none
  command_id standing;         ///< the order not yet answered
  command_id cancelling;       ///< the cancel not yet answered
  errc ending = errc::none;    ///< why all of it is to end as soon as it can be reached
  bool parked = false;         ///< a command missed it: wait for the standing order's answer
  bool leaving = false;        ///< preempted, lane already given to another
  bool blocked = false;        ///< no memory: wait until some task ends
  std::uint32_t refusals = 0;
  bool was_short = false;             ///< refused for want of memory, the last time
  std::vector<std::uint32_t> avoided; ///< groups of devices that failed it; it starts in others
  plan_table::number shape = 0;       ///< of the plans it needs

  // Predicted, by `foresee` (engine_outlook.cpp): of a task that was given to a device.
  time_point given{};
  time_point there_at{};    ///< when its values are
  bool arrived = false;     ///< the worker has it
  time_point began = never; ///< when a lane was free for it
  duration left{};          ///< of its work, at `device_state::foreseen`, from when on it has begun
  time_point ends{};

  // Derived, by `index`: where the engine's books have it.
  std::optional<waiting_task> entered;                 ///< as it waits
  waiting_index::reach reach = waiting_index::nowhere; ///< where it could start
  domain_id resident = no_domain;                      ///< waits, not for memory, with values there
  // Derived, by `count`: what the device's books have of it.
  device_id counted_on = no_device;             ///< whose load and number of tasks it is in; not while it leaves
  duration predicted{};                         ///< of a run there
  mutable std::optional<running_task> in_crowd; ///< as it is in `crowd_`, if that is kept
};

/// A command not yet answered.
struct pending_command {
  enum class kind : std::uint8_t { start, preempt, order, cancel, job };
  kind what = kind::start;
  task_id task;
  device_id receiver = no_device; ///< the worker it was sent to; no_device: a transfer
  steering step;                  ///< order: what it carries out
  bool ours = false;            ///< order: not asked for: the device lacks the layer there, or the policy wants it back
  request_id dropped;           ///< cancel: which rider it is of; 0: all
  plan_key plan;                ///< job
  std::vector<model_id> evicts; ///< job
  time_point since{};
};

struct device_state {
  bool up = false;
  bool in_service = true;     ///< false once it has died too often
  std::uint32_t restarts = 0; ///< in a row
  time_point up_since{};
  std::vector<task_id> tasks; ///< given to it, in order
  command_id job;

  // Derived, by `count`: of the tasks that stay.
  std::size_t staying = 0;
  time_point free_at{};                          ///< by `foresee`
  std::optional<time_point> soon;                ///< as `soon_` has it
  time_point foreseen{};                         ///< when `foresee` looked last
  std::uint32_t slowed = metadata::whole_device; ///< by how much what runs there slows each other since then
  std::size_t unpredicted = 0;                   ///< of which it is not known how long they take
  duration load{};                               ///< predicted work of the others
};

/// The tasks that wait for the plans of one shape.
struct shape_state {
  model_id model;
  waiting_index::reach reach = waiting_index::nowhere; ///< where there are plans
  bool leaves = false;                                 ///< some of them make room soon
  bool lacking = false;                                ///< some of them lack layers
  duration size{};                                     ///< see `waiting_task`
  std::set<task_id> waiting;
};

/// A model in a domain, from its first job there on.
struct residence {
  time_point since{};  ///< its last plan
  time_point used{};   ///< when a device there last got a task
  bool served = false; ///< there was one
  std::uint32_t plans = 0;
};

/// A domain's memory, as far as it is short (engine_memory.cpp).
struct memory_state {
  std::map<model_id, residence> models;
  std::map<model_id, duration> loading; ///< what it took last, also of models that have gone
  std::deque<plan_key> lacking;         ///< plans that found none, in order
  model_id leaving;                     ///< goes as soon as nothing there needs it; no task begins there. 0: none
  std::vector<model_id> evicts;         ///< go with the next job in the domain
  command_id evicting;                  ///< the job under way they went with: no other begins in the domain

  /// 0: nothing of it has been ready there yet.
  duration loading_of(model_id m) const {
    const auto found = loading.find(m);
    return found == loading.end() ? duration{} : found->second;
  }
};

struct gives_way_first {
  bool operator()(const running_task& a, const running_task& b) const { return gives_way(a, b); }
};

struct model_state {
  std::vector<std::vector<std::int64_t>> warm;
  std::uint32_t rows = model_added::no_symbol; ///< see `model_added`
  std::vector<std::uint64_t> live_bytes;       ///< see `model_added`
  std::vector<cell_layer> cells;               ///< see `model_added`
  bool announced = false;
  bool removed = false;  ///< nothing new of it; it goes when nothing is left
  std::size_t tasks = 0; ///< not yet ended
};

} // namespace baton::scheduling
