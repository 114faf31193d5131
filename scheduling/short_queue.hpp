#pragma once

#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

namespace baton::scheduling {

/// A queue of mostly one or two, side by side. What leaves at the front leaves room behind, so that hardly anything is
/// ever moved or allocated.
template <class T>
class short_queue {
public:
  bool empty() const { return first_ == all_.size(); }
  std::size_t size() const { return all_.size() - first_; }
  T* begin() { return all_.data() + first_; }
  T* end() { return all_.data() + all_.size(); }
  const T* begin() const { return all_.data() + first_; }
  const T* end() const { return all_.data() + all_.size(); }
  auto rbegin() const { return std::reverse_iterator(end()); }
  auto rend() const { return std::reverse_iterator(begin()); }
  /// @pre not empty; likewise below
  T& front() { return all_[first_]; }
  const T& front() const { return all_[first_]; }
  const T& back() const { return all_.back(); }

  void push_back(T x) { all_.push_back(std::move(x)); }
  void pop_back() { all_.pop_back(); }
  void pop_front() {
    if (++first_ < kept)
      return;
    all_.erase(all_.begin(), all_.begin() + kept);
    first_ = 0;
  }

private:
  static constexpr std::size_t kept = 32; ///< at most, of what has left

  std::vector<T> all_;
  std::size_t first_ = 0;
};

} // namespace baton::scheduling
