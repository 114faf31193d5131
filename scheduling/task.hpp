#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "metadata/ids.hpp"

namespace baton::scheduling {

using namespace metadata; // NOLINT(google-build-using-namespace): ids are metadata's words, used here as our own

/// One request's share of a task.
struct member {
  request_id request;
  attempt_number attempt;
  std::int64_t first_row = 0; ///< along the batch axis
  std::int64_t rows = 1;
  std::uint32_t behind = 0;          ///< parts that it is behind the task's position; see `task::at`
  std::vector<std::int64_t> symbols; ///< own symbol values, in the order of the model's symbols
};

/// A point in a lane's order that must complete before the values may be touched; sequence 0: ready.
struct ready_ticket {
  device_id device = no_device;
  lane_id lane;
  std::uint64_t sequence = 0;
};

/// Where the time of an attempt went so far. Each part is measured where it is spent and rides with the task, so no two
/// clocks are ever compared. What is under way between two parties belongs to none of them.
struct phases {
  duration queued{};    ///< waiting: at the engine, or at a worker while it computes something else
  duration computing{}; ///< device time, on all devices
  duration moving{};    ///< at a transfer: waiting for a copy and making it
};

/// How an attempt strayed from one device so far. Kept by the workers that take it in and give it back, and rides with
/// the task.
struct detours {
  std::uint32_t preemptions = 0; ///< given back to the scheduler by order
  std::uint32_t moves = 0;       ///< taken in by another worker than the last that had it
  device_id last = no_device;    ///< whose worker had it last
};

/// The continuation of one or more requests. Ids and numbers only.
struct task {
  task_id id;
  task_epoch epoch;
  model_id model;
  /// Where it goes on. Recurrent members may be at different steps of a layer: then it is where the most advanced one
  /// is, another's own part is `at.part - behind`, and all go on by a part at a time, so that nothing but `at` changes
  /// while the task runs. It runs no further than to the end of that layer, given as the start of the next, where those
  /// that are not behind leave it.
  position at;
  std::vector<std::int64_t> symbols; ///< of the whole batch: the plan's shape
  std::vector<member> members;
  std::int32_t priority = 0; ///< higher runs first
  time_point deadline = never;
  ready_ticket ready;
  phases spent;
  detours taken;
  /// Its values lie in so many pieces, which are joined where it runs on: tasks that met there and became one. 2 also
  /// where rows of others lie between them: of those that a task was split from.
  std::uint32_t pieces = 1;
};

/// A layer whose parts are the steps of a cell: tasks at any of its parts may become one.
struct cell_layer {
  std::uint32_t layer = 0;
  std::uint32_t steps = 1;
};

inline std::int64_t rows_of(const task& t) {
  std::int64_t rows = 0;
  for (const auto& m : t.members)
    rows += m.rows;
  return rows;
}

/// Whether its members are at different steps.
inline bool is_apart(const task& t) {
  return std::any_of(t.members.begin(), t.members.end(), [](const member& m) { return m.behind > 0; });
}

template <class I>
auto inspect(I& f, member& x) {
  return f(x.request, x.attempt, x.first_row, x.rows, x.behind, x.symbols);
}
template <class I>
auto inspect(I& f, ready_ticket& x) {
  return f(x.device, x.lane, x.sequence);
}
template <class I>
auto inspect(I& f, phases& x) {
  return f(x.queued, x.computing, x.moving);
}
template <class I>
auto inspect(I& f, detours& x) {
  return f(x.preemptions, x.moves, x.last);
}
template <class I>
auto inspect(I& f, cell_layer& x) {
  return f(x.layer, x.steps);
}
template <class I>
auto inspect(I& f, task& x) {
  return f(x.id, x.epoch, x.model, x.at, x.symbols, x.members, x.priority, x.deadline, x.ready, x.spent, x.taken,
           x.pieces);
}

} // namespace baton::scheduling
