#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "metadata/rate.hpp"
#include "scheduling/task.hpp"

namespace baton::scheduling {

/// What is to happen, by time; at the same time in the order in which it was put in.
template <class What>
class event_queue {
  static_assert(std::is_trivially_copyable_v<What>, "it moves about in a heap");

public:
  /// A place among all that happens then. It may be taken before what is to happen is put in.
  using place = metadata::wide; // time and, below it, a number: compared at once
  place reserve(time_point when) { return place{when.count()} << 64 | ++number_; }

  void push(time_point when, const What& what) { push(reserve(when), what); }
  void push(place at, const What& what) {
    if (std::exchange(open_, false))
      return sink({at, what});
    heap_.push_back({at, what});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  bool empty() {
    close();
    return heap_.empty();
  }
  /// @pre not empty
  time_point next() {
    close();
    return time_point{static_cast<std::int64_t>(heap_.front().at >> 64)};
  }
  /// @pre not empty
  What pop() {
    close();
    open_ = true;
    return heap_.front().what;
  }

private:
  struct entry {
    place at;
    What what;
  };
  static bool later(const entry& a, const entry& b) { return a.at > b.at; }

  void close() {
    if (!std::exchange(open_, false))
      return;
    const auto last = heap_.back();
    heap_.pop_back();
    if (!heap_.empty())
      sink(last);
  }
  /// Puts it where it belongs, from the front down, in the place of the first.
  void sink(const entry& e) {
    const auto size = heap_.size();
    std::size_t at = 0;
    for (auto child = at * 2 + 1; child < size; child = at * 2 + 1) {
      child += static_cast<std::size_t>(child + 1 < size && later(heap_[child], heap_[child + 1]));
      if (!later(e, heap_[child]))
        break;
      heap_[at] = heap_[child];
      at = child;
    }
    heap_[at] = e;
  }

  std::vector<entry> heap_;
  std::uint64_t number_ = 0;
  bool open_ = false; ///< the first has been popped: mostly another is put in in its place
};

/// What is too large to move about in a heap: it goes by number there.
template <class What>
class numbered {
public:
  std::uint32_t put(What what) {
    if (free_.empty()) {
      all_.push_back(std::move(what));
      return static_cast<std::uint32_t>(all_.size() - 1);
    }
    const auto number = free_.back();
    free_.pop_back();
    all_[number] = std::move(what);
    return number;
  }
  /// Once. @pre `put` gave the number
  What take(std::uint32_t number) {
    free_.push_back(number);
    return std::move(all_[number]);
  }

private:
  std::vector<What> all_;
  std::vector<std::uint32_t> free_;
};

} // namespace baton::scheduling
