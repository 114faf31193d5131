#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

#include "metadata/error.hpp"

namespace baton::actors {

/// Counts open requests and the bytes of their inputs: the bound of everything that waits for a device. Thread-safe.
class request_gate {
public:
  request_gate(std::size_t limit, std::size_t byte_limit) : limit_(limit), byte_limit_(byte_limit) {}

  /// One more, with inputs of `bytes`. `unread`: results that count against the limit as well. One alone may be larger
  /// than the byte limit. Errors: `overloaded`; `unavailable` once closed.
  expected<void> enter(std::size_t unread, std::size_t bytes);
  /// With the bytes it entered with.
  void leave(std::size_t bytes);
  /// Nobody enters from now on.
  void close();
  /// False if requests are still open after `timeout`.
  bool wait_empty(std::chrono::milliseconds timeout);
  std::size_t open() const;

private:
  mutable std::mutex mutex_;
  std::condition_variable empty_;
  std::size_t limit_;
  std::size_t byte_limit_;
  std::size_t open_ = 0;
  std::size_t bytes_ = 0;
  bool closed_ = false;
};

} // namespace baton::actors
