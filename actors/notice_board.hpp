#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "actors/registry.hpp"
#include "scheduling/engine.hpp"

namespace baton::actors {

/// What the actors let foreign threads see, so that nobody has to ask and wait for an answer: the scheduler and the
/// workers write, the runtime reads. Thread-safe.
class notice_board {
public:
  explicit notice_board(std::size_t devices) : devices_(devices) {}

  /// `waiting`: tasks that wait for a device now.
  void put_counters(const scheduling::engine_counters& c, std::size_t waiting);
  scheduling::engine_counters counters() const;
  std::size_t waiting_tasks() const;

  void put_model_ready(const scheduling::model_ready& r);
  /// Removes and returns the model's notice; nothing after `timeout` or when a vital actor died.
  std::optional<scheduling::model_ready> wait_model_ready(metadata::model_id m, std::chrono::milliseconds timeout);

  /// Everything of the model can be freed: `what` is handed to who waits for it, or dropped if nobody does any more.
  void put_model_gone(metadata::model_id m, std::shared_ptr<model_remains> what);
  /// What is left of the model, to be dropped; null after `timeout` or when a vital actor died. Once per model.
  std::shared_ptr<model_remains> wait_model_gone(metadata::model_id m, std::chrono::milliseconds timeout);

  /// Nobody waits for models any longer, now and later.
  void stop_waiting();
  /// No vital death, and no `stop_waiting`.
  bool waiting() const;

  void put_serving(metadata::device_id d, bool serving);
  /// Why the device's worker ended; remembered for reports.
  void put_failure(metadata::device_id d, std::string why);
  /// All devices serve. Errors: `device_failed` with the first failure; `unavailable` after `timeout`.
  expected<void> wait_all_serving(std::chrono::milliseconds timeout);

  /// The first vital death wins: true for its caller.
  bool put_vital_death(std::string why);
  /// No vital death, and some device serves.
  bool healthy() const;

private:
  struct device_state {
    bool serving = false;
    std::string failure;
  };
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  scheduling::engine_counters counters_;
  std::size_t waiting_ = 0;
  std::map<metadata::model_id, scheduling::model_ready> ready_;
  std::map<metadata::model_id, std::shared_ptr<model_remains>> gone_;
  std::set<metadata::model_id> unwaited_; ///< models not gone yet, for which nobody waits any more
  std::vector<device_state> devices_;
  std::optional<std::string> vital_death_;
  bool stopped_ = false;
};

} // namespace baton::actors
