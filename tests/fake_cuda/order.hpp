#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

/// What is ordered before what: vector clocks with an entry per stream, and the accesses of a block.
namespace fake_cuda {

/// Counts the operations of a stream.
using tick = std::uint64_t;

/// Per stream (by slot) the last operation that is known to be over.
class vector_clock {
public:
  /// Says whether that tells anything new.
  bool join(const vector_clock& other);
  void set(unsigned slot, tick at);
  bool covers(unsigned slot, tick at) const { return slot < at_.size() && at_[slot] >= at; }

private:
  std::vector<tick> at_;
};

/// What an operation did to a piece of a block.
struct touch_note {
  std::size_t begin = 0; ///< offset in the block
  std::size_t end = 0;
  bool write = false;
  unsigned slot = 0;   ///< of the stream
  tick at = 0;         ///< of the operation
  unsigned stream = 0; ///< as sentences name it
  int device = 0;      ///< of the stream
  const char* name = "";
};

/// The accesses to a block that the host has not waited for. Stays short: what a later one stands for is dropped.
class history {
public:
  /// Takes `mine` in; `before` is what is ordered before it, `host` what the host waited for. If something conflicts
  /// that is not ordered before, says what.
  std::optional<touch_note> add(const touch_note& mine, const vector_clock& before, const vector_clock& host);
  /// The accesses that the host has not waited for.
  std::vector<touch_note> unfinished(const vector_clock& host) const;

private:
  std::vector<touch_note> seen_;
};

} // namespace fake_cuda
