#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gpu/cuda/cuda_domain.hpp"
#include "gpu/cuda/cuda_plan.hpp"
#include "gpu/cuda/lane.hpp"
#include "gpu/cuda/timeline.hpp"
#include "gpu/device.hpp"

namespace baton::gpu::cuda {

/// Lanes of one GPU. Asynchronous: `submit` puts a segment's work on its lane's stream and returns.
class cuda_device final : public device {
public:
  cuda_device(device_description description, std::shared_ptr<gpu_state> gpu);
  /// Waits for what is under way.
  ~cuda_device() override;

  const device_description& description() const override { return description_; }
  expected<void> attach() override;
  expected<std::shared_ptr<const plan>> build_plan(std::shared_ptr<const metadata::model> of,
                                                   std::shared_ptr<weights> with,
                                                   metadata::symbol_values symbols) override;
  expected<ticket> submit(const submission& work) override;
  std::size_t poll(std::span<completion> out) override;
  bool wait_any(std::chrono::milliseconds timeout) override;
  frontier progress(lane_id lane) const override;
  duration taken(const ticket& by) const override;

private:
  using clock = std::chrono::steady_clock;

  /// A submission under way.
  struct pending {
    const cuda_plan* plan;
    position begin;
    position end;
    bindings* data;
    data_fault* fault = nullptr; ///< pinned; where the lane's flag is copied to, if it may be raised
  };
  struct one_lane {
    std::unique_ptr<lane> on;
    std::shared_ptr<timeline> times;
    std::deque<pending> under_way; ///< by sequence; guarded by `mutex_`
    frontier progress;             ///< guarded by `mutex_`; `issued` is written by the owner only
    pinned_memory faults;          ///< a ring of flags
  };

  const cuda_plan& checked_plan(const submission& work) const;
  /// When what it waits for on other lanes ends, where it has not.
  std::vector<ending_time> wait_for(const submission& work, one_lane& l);
  data_fault* issue_work(const cuda_plan& plan, const submission& work, one_lane& l, std::uint64_t sequence,
                         bool may_fault);
  void enqueue(const cuda_plan& plan, const bindings& data, lane& on, position begin, position end) const;
  void completed(std::size_t lane, const ending& e);
  void measure(cuda_plan& plan, lane& on);
  void measure_layers(cuda_plan& plan, lane& on, const bindings& data);
  bool graph_is_faster(const cuda_plan& plan, lane& on, const bindings& data);
  /// Looks after a GPU that has nothing to do: it may be lost all the same. Once it is, `poll` says so.
  bool notice_loss();
  std::string part() const { return "device '" + description_.name + "'"; }

  device_description description_;
  std::shared_ptr<gpu_state> gpu_;
  bool attached_ = false;
  bool told_of_loss_ = false; ///< guarded by `mutex_`
  std::vector<one_lane> lanes_;
  stream_handle watched_; ///< nothing is ever put on it: to ask a lane's own would spoil a capture
  mutable std::mutex mutex_;
  std::condition_variable some_;
  std::deque<completion> completed_;
};

} // namespace baton::gpu::cuda
