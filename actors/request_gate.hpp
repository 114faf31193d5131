#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

#include "metadata/error.hpp"

namespace baton::actors {

/// Counts open requests: the bound of everything that waits for a device. Thread-safe.
class request_gate {
public:
  explicit request_gate(std::size_t limit) : limit_(limit) {}

  /// One more. `unread`: results that count against the limit as well. Errors: `overloaded`; `unavailable` once closed.
  expected<void> enter(std::size_t unread);
  void leave();
  /// Nobody enters from now on.
  void close();
  /// False if requests are still open after `timeout`.
  bool wait_empty(std::chrono::milliseconds timeout);
  std::size_t open() const;

private:
  mutable std::mutex mutex_;
  std::condition_variable empty_;
  std::size_t limit_;
  std::size_t open_ = 0;
  bool closed_ = false;
};

} // namespace baton::actors
