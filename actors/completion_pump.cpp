#include "actors/completion_pump.hpp"

#include <utility>

#include "actors/defaults.hpp"

namespace baton::actors {

completion_pump::completion_pump(gpu::device& device, std::function<void()> tell)
    : device_(device), tell_(std::move(tell)), thread_([this] { run(); }) {}

completion_pump::~completion_pump() {
  {
    std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void completion_pump::polled() {
  {
    std::lock_guard guard(mutex_);
    told_ = false;
  }
  changed_.notify_all();
}

void completion_pump::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (told_) {
      changed_.wait(lock);
      continue;
    }
    lock.unlock();
    const auto some = device_.wait_any(defaults::pump_interval);
    lock.lock();
    if (!some || stopping_)
      continue;
    told_ = true;
    lock.unlock();
    tell_();
    lock.lock();
  }
}

} // namespace baton::actors
