#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "gpu/device.hpp"

namespace baton::actors {

/// A thread that sleeps until an asynchronous device has completions, and tells its owner once; it looks again when the
/// owner has polled. It calls nothing of the device but `wait_any`.
class completion_pump {
public:
  /// `device` must outlive it. `tell` is called on the pump's thread.
  completion_pump(gpu::device& device, std::function<void()> tell);
  ~completion_pump();
  completion_pump(const completion_pump&) = delete;
  completion_pump& operator=(const completion_pump&) = delete;

  /// The owner has polled until nothing was left.
  void polled();

private:
  void run();

  gpu::device& device_;
  const std::function<void()> tell_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool told_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

} // namespace baton::actors
