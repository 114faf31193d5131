#pragma once

#include <atomic>
#include <cstdint>

#include "metadata/ids.hpp"

namespace baton::actors {

/// What a worker has done, for whoever asks: written by its thread, read by any, in no order. Outlives the worker, so
/// that the counts never go back when it is restarted.
struct alignas(64) device_meter {
  std::atomic<std::int64_t> busy{0}; ///< nanoseconds of device time, failed segments included
  std::atomic<std::uint64_t> segments{0};
  std::atomic<std::size_t> held{0}; ///< tasks with the worker now

  void add(metadata::duration elapsed) {
    busy.fetch_add(elapsed.count(), std::memory_order_relaxed);
    segments.fetch_add(1, std::memory_order_relaxed);
  }
};

} // namespace baton::actors
