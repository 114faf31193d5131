#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "scheduling/task.hpp"

namespace baton::scheduling {

/// What is to happen, by time; at the same time in the order in which it was put in. It stays where it is while only
/// its number moves in the heap.
template <class What>
class event_queue {
public:
  void push(time_point when, What what) {
    std::uint32_t slot = 0;
    if (free_.empty()) {
      slot = static_cast<std::uint32_t>(slots_.size());
      slots_.push_back(std::move(what));
    } else {
      slot = free_.back();
      free_.pop_back();
      slots_[slot] = std::move(what);
    }
    heap_.push_back({when, ++number_, slot});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  bool empty() const { return heap_.empty(); }
  /// @pre not empty
  time_point next() const { return heap_.front().when; }
  /// @pre not empty
  What pop() {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const auto slot = heap_.back().slot;
    heap_.pop_back();
    free_.push_back(slot);
    return std::move(slots_[slot]);
  }

private:
  struct entry {
    time_point when;
    std::uint64_t number;
    std::uint32_t slot;
  };
  static bool later(const entry& a, const entry& b) { return a.when != b.when ? a.when > b.when : a.number > b.number; }

  std::vector<entry> heap_;
  std::vector<What> slots_;
  std::vector<std::uint32_t> free_; ///< of `slots_`
  std::uint64_t number_ = 0;
};

} // namespace baton::scheduling
