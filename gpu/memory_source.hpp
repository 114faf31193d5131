#pragma once

#include <cstddef>

namespace baton::gpu {

/// Where a domain's memory comes from. Thread-safe.
class memory_source {
public:
  virtual ~memory_source() = default;
  /// Aligned to `defaults::alignment`; null if there is no more. @pre a positive multiple of the alignment
  virtual std::byte* take(std::size_t bytes) = 0;
  virtual void give_back(std::byte* data) noexcept = 0;
};

} // namespace baton::gpu
