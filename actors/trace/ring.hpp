#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace baton::actors::trace {

/// A bounded queue from one thread to another: no lock, and no memory but its own. What finds no room is dropped and
/// counted.
template <class T, std::size_t Capacity>
class ring {
  static_assert((Capacity & (Capacity - 1)) == 0, "a power of two");

public:
  /// The producer's. False: dropped.
  bool push(const T& x) noexcept {
    auto at = pushed_.load(std::memory_order_relaxed);
    if (at - taken_seen_ == Capacity) {
      taken_seen_ = taken_.load(std::memory_order_acquire);
      if (at - taken_seen_ == Capacity) {
        dropped_.fetch_add(1, std::memory_order_relaxed);
        return false;
      }
    }
    slots_[at % Capacity] = x;
    pushed_.store(at + 1, std::memory_order_release);
    return true;
  }

  /// The consumer's: gives `each` what is there, oldest first.
  template <class F>
  void drain(F&& each) {
    auto end = pushed_.load(std::memory_order_acquire);
    for (auto at = taken_.load(std::memory_order_relaxed); at != end; ++at) {
      each(slots_[at % Capacity]);
      taken_.store(at + 1, std::memory_order_release);
    }
  }

  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

private:
  // Two threads write: not to one cache line.
  alignas(64) std::atomic<std::uint64_t> pushed_{0};
  std::uint64_t taken_seen_ = 0; ///< by the producer
  std::atomic<std::uint64_t> dropped_{0};
  alignas(64) std::atomic<std::uint64_t> taken_{0};
  std::unique_ptr<T[]> slots_ = std::make_unique<T[]>(Capacity); // NOLINT(modernize-avoid-c-arrays)
};

} // namespace baton::actors::trace
