#pragma once

#include <functional>
#include <map>
#include <optional>

#include "scheduling/protocol.hpp"

namespace baton::actors {

/// How long tasks stay with one worker or transfer. The part of a stay that is not device time is one phase: `queued`
/// at a worker, `moving` at a transfer. It is added to what carries the task on. Thread: its owner's.
class stay_clock {
public:
  explicit stay_clock(metadata::duration scheduling::phases::*rest) : rest_(rest) {}

  /// The task is here from `now` on.
  void begin(const scheduling::task& t, metadata::time_point now);
  /// What the task's values say of its attempt's device time, on all devices: that of segments too which ended after it
  /// had left the worker that issued them.
  void computed(metadata::task_id t, metadata::duration so_far);
  /// What segments of a task that have not ended have taken so far.
  using under_way = std::function<metadata::duration(metadata::task_id)>;
  /// Adds the stay so far to a message that hands a task on, gives it back or says that it finished; others are left as
  /// they are. Device time of segments under way is counted where it passes: up to now here, the rest where the task
  /// goes.
  void stamp(scheduling::message& m, metadata::time_point now, const under_way& running = {}) const;
  /// The stay is over, unless the task has come again since, under a later epoch.
  void end(metadata::task_id t, metadata::task_epoch e);

private:
  struct stay {
    metadata::task_epoch epoch;
    metadata::time_point since{};
    metadata::duration computed{};            ///< before it came
    std::optional<metadata::duration> so_far; ///< all of it, as its values said last
  };
  void add(metadata::task_id t, metadata::task_epoch e, scheduling::phases& spent, metadata::time_point now,
           const under_way& running) const;

  metadata::duration scheduling::phases::*rest_;
  std::map<metadata::task_id, stay> stays_;
};

} // namespace baton::actors
