#pragma once

#include <array>
#include <atomic>
#include <cstddef>

#include "gpu/cuda/handle.hpp"

namespace baton::gpu::cuda {

/// One stream of copies between a GPU and ordinary host memory, through pinned buffers that take turns: while some are
/// on the link, the host fills or empties another. Calls wait until the bytes are there. For one thread at a time.
/// `cancel`, if given, is looked at between chunks. Throw `failure`, `cancelled` among them.
class staging_line {
public:
  explicit staging_line(int gpu);
  ~staging_line();
  staging_line(const staging_line&) = delete;
  staging_line& operator=(const staging_line&) = delete;

  void to_gpu(std::byte* to, const std::byte* from, std::size_t bytes, const std::atomic<bool>* cancel);
  void to_host(std::byte* to, const std::byte* from, std::size_t bytes, const std::atomic<bool>* cancel);
  /// Memory of this GPU from memory of `other`, over their link.
  void from_peer(std::byte* to, const std::byte* from, int other, std::size_t bytes, const std::atomic<bool>* cancel);

private:
  struct buffer_in_turn {
    pinned_memory memory;
    event_handle done;
    std::byte* data() const { return static_cast<std::byte*>(memory.get()); }
  };
  static constexpr std::size_t buffers = 4;
  const buffer_in_turn& at_turn(std::size_t i) const { return buffers_[i % buffers]; }
  void record(const buffer_in_turn& b) const;

  const int gpu_;
  stream_handle stream_;
  std::array<buffer_in_turn, buffers> buffers_;
};

} // namespace baton::gpu::cuda
