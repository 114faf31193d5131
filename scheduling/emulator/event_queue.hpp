#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "scheduling/task.hpp"

namespace baton::scheduling {

/// What is to happen, by time; at the same time in the order in which it was put in.
template <class What>
class event_queue {
public:
  void push(time_point when, What what) {
    heap_.push_back({when, ++number_, std::move(what)});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  bool empty() const { return heap_.empty(); }
  /// @pre not empty
  time_point next() const { return heap_.front().when; }
  /// @pre not empty
  What pop() {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    auto what = std::move(heap_.back().what);
    heap_.pop_back();
    return what;
  }

private:
  struct entry {
    time_point when;
    std::uint64_t number;
    What what;
  };
  static bool later(const entry& a, const entry& b) { return a.when != b.when ? a.when > b.when : a.number > b.number; }

  std::vector<entry> heap_;
  std::uint64_t number_ = 0;
};

} // namespace baton::scheduling
