#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_set>

namespace fake_cuda {

/// Whether a stream's thread can reach no more than the spans of the operation that it runs. AddressSanitizer makes
/// that possible: every thread has its own mapping of device memory, poisoned but for them.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool exact_spans = true;
#else
inline constexpr bool exact_spans = false;
#endif

inline constexpr std::size_t page_bytes = 4096;

/// Where a block of device memory lies, in bytes from the first device's first one. It ends with its pages; before and
/// behind these is one that nobody can reach.
struct placement {
  std::size_t slot = 0; ///< its first page
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t slot_end = 0; ///< of its last page
  std::uint64_t serial = 0;
  int device = 0;
};

/// Bytes of a block that an operation touches.
struct piece {
  std::size_t begin = 0; ///< as in `placement`
  std::size_t bytes = 0;
  placement of;
};

/// A mapping of all devices' memory. Used by one thread at a time, but for `forget`.
class window {
public:
  window(int file, std::size_t bytes, int protection);
  window(const window&) = delete;
  window& operator=(const window&) = delete;

  char* at(std::size_t offset) const { return base_ + offset; }
  /// With `exact_spans`: lets `p` be reached, and nothing else of its block.
  void open(const piece& p);
  void close(const piece& p);
  /// With `exact_spans`: gives back what the sanitizer knows of a block that is no more. From any thread.
  void forget(const placement& p) const;

private:
  char* base_;
  std::unordered_set<std::uint64_t> closed_; ///< blocks that are poisoned here
};

} // namespace fake_cuda
