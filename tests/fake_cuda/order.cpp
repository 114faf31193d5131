#include "tests/fake_cuda/order.hpp"

#include <algorithm>

namespace fake_cuda {

bool vector_clock::join(const vector_clock& other) {
  if (at_.size() < other.at_.size())
    at_.resize(other.at_.size());
  bool news = false;
  for (std::size_t i = 0; i < other.at_.size(); ++i)
    if (other.at_[i] > at_[i]) {
      at_[i] = other.at_[i];
      news = true;
    }
  return news;
}

void vector_clock::set(unsigned slot, tick at) {
  if (at_.size() <= slot)
    at_.resize(slot + 1);
  at_[slot] = at;
}

std::optional<touch_note> history::add(const touch_note& mine, const vector_clock& before, const vector_clock& host) {
  std::optional<touch_note> conflict;
  std::erase_if(seen_, [&](const touch_note& a) {
    if (host.covers(a.slot, a.at))
      return true; // everything from now on comes after it
    if (a.end <= mine.begin || mine.end <= a.begin)
      return false;
    if (a.slot != mine.slot && !before.covers(a.slot, a.at)) {
      if (a.write || mine.write)
        conflict = a;
      return false;
    }
    // Who comes after `mine` comes after `a` too, and conflicts with `mine` if it does with `a`.
    return (mine.write || !a.write) && mine.begin <= a.begin && a.end <= mine.end;
  });
  seen_.push_back(mine);
  return conflict;
}

std::vector<touch_note> history::unfinished(const vector_clock& host) const {
  std::vector<touch_note> result;
  std::copy_if(seen_.begin(), seen_.end(), std::back_inserter(result),
               [&](const touch_note& a) { return !host.covers(a.slot, a.at); });
  return result;
}

} // namespace fake_cuda
