#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>

namespace baton::gpu::cuda {

/// Who waits for a whole GPU spoils every capture on any stream of it, in whatever thread; and cuDNN and cuBLASLt do
/// wait, where a handle is made or goes and where an algorithm runs for the first time. (Seen on an H200: one capture
/// in some hundreds, and cuDNN's next call told of it once more.) So on one GPU calls of the libraries share this, and
/// a capture has it alone. One for all domains and devices of a GPU in this process.
inline std::shared_mutex& capture_gate(int gpu) {
  static std::mutex mutex;
  static auto& all = *new std::map<int, std::unique_ptr<std::shared_mutex>>; // outlives every thread
  const std::lock_guard lock(mutex);
  auto& gate = all[gpu];
  if (!gate)
    gate = std::make_unique<std::shared_mutex>();
  return *gate;
}

} // namespace baton::gpu::cuda
