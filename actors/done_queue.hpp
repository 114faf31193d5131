#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "metadata/error.hpp"
#include "metadata/ids.hpp"
#include "metadata/tensor.hpp"

namespace baton::actors {

/// The end of a request: the result schema of the done queue. Exactly one per submitted request.
struct done {
  metadata::request_id request;
  errc failure = errc::none;             ///< none: `outputs` are there
  std::string message;                   ///< of the failure
  std::vector<metadata::tensor> outputs; ///< in the model's output order, canonical, in host memory
  std::uint32_t attempts = 1;            ///< how many were begun
  metadata::duration total{};            ///< from submit to end, by the head's clock
  /// Where the time of the attempt that finished went: waiting for a device, device time wherever its layers ran, and
  /// waiting for and making copies between domains. Together at most `total`; the rest was on the way. Zero on failure.
  metadata::duration queued{}, computing{}, moving{};
  /// How often that attempt was taken from a device at a boundary, and how often it went on on another. Zero on
  /// failure.
  std::uint32_t preemptions = 0, moves = 0;
  metadata::device_id device;                 ///< where it finished; no_device on failure
  std::vector<metadata::duration> layer_time; ///< device time per layer, of the attempt that finished
};

/// Results on their way from the controller to front ends. Thread-safe. Bounded: no request is admitted while open
/// requests and unread results together reach `runtime_options::max_open_requests`.
class done_queue {
public:
  /// Called after each push, on the pusher's thread; must not block. For an event loop that cannot wait in `pop`.
  void on_push(std::function<void()> wake);
  /// `at_once`, if given, happens at the same moment, for whoever pops or asks for the size.
  void push(done d, const std::function<void()>& at_once = {});
  std::optional<done> try_pop();
  /// Nothing after `timeout`.
  std::optional<done> pop(std::chrono::milliseconds timeout);
  /// Results not yet popped.
  std::size_t size() const;

private:
  std::optional<done> take_first();

  mutable std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<done> results_;
  std::function<void()> wake_;
};

} // namespace baton::actors
