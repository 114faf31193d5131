#pragma once

#include <memory>
#include <span>
#include <vector>

#include "tests/conformance/backends.hpp"

/// Running tasks as a worker runs them, without the worker.
namespace baton::gpu_check {

/// Where the run queue of a worker would cut a whole run: the ends of its segments.
std::vector<metadata::position> cut(const gpu::plan& p, metadata::duration quantum);

/// A request on one plan and lane that may be run again and again: a run writes over its inputs, so they are kept in a
/// second block.
class card_task {
public:
  card_task(testing::bench_device& on, std::shared_ptr<const gpu::plan> plan, gpu::lane_id lane = {});
  /// One submission if it is not called.
  void set_quantum(metadata::duration quantum) { ends_ = cut(*plan_, quantum); }

  /// Begins anew: the inputs are copied in. Nothing of it may be under way.
  void rewind();
  bool ended() const { return completed_ == ends_.size(); }
  /// Issues segments as long as the lane has room.
  void issue(gpu::device& on);
  /// Throws if it failed.
  void completed(const gpu::completion& c);

  gpu::lane_id lane() const { return lane_; }
  const gpu::plan& plan() const { return *plan_; }
  gpu::bindings& data() { return data_; }

private:
  std::shared_ptr<const gpu::plan> plan_;
  gpu::lane_id lane_;
  gpu::bindings inputs_;
  gpu::bindings data_;
  std::unique_ptr<gpu::copy_engine> copier_;
  std::vector<metadata::position> ends_;
  std::size_t issued_ = 0;
  std::size_t completed_ = 0;
};

/// Runs them side by side to their ends, each on a lane of its own. Seconds by the host's clock. Throws what fails.
double run_together(gpu::device& on, std::span<card_task* const> tasks);
inline double run_alone(gpu::device& on, card_task& task) {
  card_task* one = &task;
  return run_together(on, {&one, 1});
}

} // namespace baton::gpu_check
