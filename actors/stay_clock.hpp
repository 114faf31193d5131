#pragma once

#include <map>

#include "scheduling/protocol.hpp"

namespace baton::actors {

/// How long tasks stay with one worker or transfer. The part of a stay that is not device time is one phase: `queued`
/// at a worker, `moving` at a transfer. It is added to what carries the task on. Thread: its owner's.
class stay_clock {
public:
  explicit stay_clock(metadata::duration scheduling::phases::*rest) : rest_(rest) {}

  /// The task is here from `now` on.
  void begin(const scheduling::task& t, metadata::time_point now);
  /// Adds the stay so far to a message that hands a task on, gives it back or says that it finished; others are left as
  /// they are.
  void stamp(scheduling::message& m, metadata::time_point now) const;
  /// The stay is over, unless the task has come again since, under a later epoch.
  void end(metadata::task_id t, metadata::task_epoch e);

private:
  struct stay {
    metadata::task_epoch epoch;
    metadata::time_point since{};
    metadata::duration computed{}; ///< before it came
  };
  void add(metadata::task_id t, metadata::task_epoch e, scheduling::phases& spent, metadata::time_point now) const;

  metadata::duration scheduling::phases::*rest_;
  std::map<metadata::task_id, stay> stays_;
};

} // namespace baton::actors
