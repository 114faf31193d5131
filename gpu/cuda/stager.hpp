#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "gpu/cuda/staging_line.hpp"

namespace baton::gpu::cuda {

/// Copies between one GPU and ordinary host memory. One core fills or empties pinned memory at a fifth of what the link
/// carries, so large copies are cut among several lines, each with a thread. Calls wait until the bytes are there.
/// Thread-safe: one copy at a time.
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
  class helper;
  /// Calls `copy(line, begin, bytes)` for each share of `bytes`.
  void share(std::size_t bytes, const std::function<void(staging_line&, std::size_t, std::size_t)>& copy);

  const int gpu_;
  std::mutex mutex_;
  staging_line own_;
  std::vector<std::unique_ptr<helper>> helpers_;
};

} // namespace baton::gpu::cuda
