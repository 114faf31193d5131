#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gpu/cuda/handle.hpp"
#include "gpu/device.hpp"

namespace baton::gpu::cuda {

/// What the stream did not say itself: how a submission ended.
enum class stream_fate : std::uint8_t { done, failed };
struct ending {
  std::uint64_t sequence = 0;
  stream_fate fate = stream_fate::done;
  std::string why;
  /// From when it had been issued, the one before had ended, and so had what it waited for elsewhere.
  std::chrono::steady_clock::time_point begun, ended;
};
/// When a submission ended; to be had once that has been told.
using ending_time = std::shared_future<std::chrono::steady_clock::time_point>;

/// The submissions of one lane, in order, from issue to completion. A thread of its own sleeps until the oldest is done
/// and tells so: nothing on the stream calls back, and no worker thread waits for the GPU. Thread-safe; issued by one.
class timeline {
public:
  using clock = std::chrono::steady_clock;
  /// Told on the timeline's thread, oldest first, before whoever waits for the submission goes on, and before the end
  /// of what waits for it on another lane is told. After a failure all that follow fail.
  using observer = std::function<void(const ending&)>;

  timeline(int gpu, observer tell);
  /// Waits for what is under way.
  ~timeline();
  timeline(const timeline&) = delete;
  timeline& operator=(const timeline&) = delete;

  /// What has been put on `stream` from `since` on is the next submission; `after`: what it waits for on other lanes.
  /// Throws `failure`.
  std::uint64_t issue(cudaStream_t stream, clock::time_point since, std::vector<ending_time> after);
  frontier progress() const;
  /// For how long submission `sequence` has had the lane; nothing if that has not begun, or its end has been told.
  std::optional<clock::duration> taken(std::uint64_t sequence) const;
  /// What is put on `stream` from now on runs after submission `sequence`. None: it has completed. Throws `failure`.
  std::optional<ending_time> wait_on(cudaStream_t stream, std::uint64_t sequence);
  /// Sleeps until `sequence` has completed, if it was issued here. False if it failed.
  bool wait(std::uint64_t sequence);

private:
  struct entry {
    std::uint64_t sequence;
    event_handle done;
    clock::time_point since;
    std::vector<ending_time> after;
    std::optional<clock::time_point> over; ///< seen by the timeline's thread, which then works out when it began
    std::promise<clock::time_point> ended;
    ending_time told;
  };
  void run();
  /// As `ending::begun`; nothing while what it waits for elsewhere has not ended.
  std::optional<clock::time_point> begun(const entry& e) const;

  const int gpu_;
  const observer tell_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<entry> under_way_;
  std::vector<event_handle> spare_;
  frontier frontier_;
  clock::time_point idle_since_;           ///< the end of the one before the oldest; written by the timeline's thread
  std::optional<std::uint64_t> failed_at_; ///< the first submission that failed
  bool closing_ = false;
  std::thread thread_;
};

/// The lanes of all devices, so that a ticket of one can be waited for by another, or by a copy. Thread-safe. An entry
/// goes with its device, which waits for its work before: a ticket of a device that is gone is over.
class timeline_table {
public:
  void put(device_id device, lane_id lane, const std::shared_ptr<timeline>& t);
  /// Where `t` may have been issued: a device that is opened anew counts from 1 again while the one before may still be
  /// at its last work.
  std::vector<std::shared_ptr<timeline>> find(const ticket& t) const;

private:
  mutable std::mutex mutex_;
  std::multimap<std::pair<device_id, lane_id>, std::weak_ptr<timeline>> lanes_;
};

} // namespace baton::gpu::cuda
