#include "actors/done_queue.hpp"

#include <utility>

namespace baton::actors {

void done_queue::on_push(std::function<void()> wake) {
  std::lock_guard guard(mutex_);
  wake_ = std::move(wake);
}

void done_queue::push(done d, const std::function<void()>& at_once) {
  std::function<void()> wake;
  {
    std::lock_guard guard(mutex_);
    if (at_once)
      at_once();
    results_.push_back(std::move(d));
    wake = wake_;
  }
  filled_.notify_one();
  if (wake)
    wake();
}

std::optional<done> done_queue::try_pop() {
  std::lock_guard guard(mutex_);
  return take_first();
}

std::optional<done> done_queue::pop(std::chrono::milliseconds timeout) {
  std::unique_lock guard(mutex_);
  filled_.wait_for(guard, timeout, [this] { return !results_.empty(); });
  return take_first();
}

std::size_t done_queue::size() const {
  std::lock_guard guard(mutex_);
  return results_.size();
}

std::optional<done> done_queue::take_first() {
  if (results_.empty())
    return std::nullopt;
  std::optional<done> first(std::move(results_.front()));
  results_.pop_front();
  return first;
}

} // namespace baton::actors
