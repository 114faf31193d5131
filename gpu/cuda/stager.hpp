#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>

#include "gpu/cuda/handle.hpp"

namespace baton::gpu::cuda {

/// Copies between one GPU and ordinary host memory, through two pinned buffers that take turns: while one is on the
/// link, the host fills or empties the other. Calls wait until the bytes are there. Thread-safe: one copy at a time.
class stager {
public:
  /// Throws `failure`.
  explicit stager(int gpu);
  ~stager();
  stager(const stager&) = delete;
  stager& operator=(const stager&) = delete;

  /// `cancel`, if given, is looked at between chunks. Throw `failure`, `cancelled` among them.
  void to_gpu(std::byte* to, const std::byte* from, std::size_t bytes, const std::atomic<bool>* cancel = nullptr);
  void to_host(std::byte* to, const std::byte* from, std::size_t bytes, const std::atomic<bool>* cancel = nullptr);
  /// Memory of this GPU from memory of `other`, over their link.
  void from_peer(std::byte* to, const std::byte* from, int other, std::size_t bytes,
                 const std::atomic<bool>* cancel = nullptr);

  int gpu() const { return gpu_; }

private:
  struct half {
    pinned_memory memory;
    event_handle done;
    std::byte* data() const { return static_cast<std::byte*>(memory.get()); }
  };
  void record(const half& h) const;

  const int gpu_;
  std::mutex mutex_;
  stream_handle stream_;
  std::array<half, 2> halves_;
};

} // namespace baton::gpu::cuda
