#pragma once

#include <string>
#include <vector>

#include "metadata/error.hpp"

namespace baton::gpu::cpu {

/// The cores that this process may use, ascending.
std::vector<int> usable_cores();

/// The threads of one device: the calling thread and its OpenMP team.
class thread_set {
public:
  /// `cores` has one entry per thread; they are followed only with `pin`.
  thread_set(std::vector<int> cores, bool pin) : cores_(std::move(cores)), pin_(pin) {}

  /// Makes the calling thread the first of the set. Pins each thread to its core, and has them flush denormals to zero:
  /// a decaying LSTM state would otherwise be up to a hundred times slower, and what is lost is below 1.2e-38, far
  /// inside the tolerance. Every device does it, so results stay equal between devices.
  /// Errors: `device_failed` if a core cannot be had.
  expected<void> enter() const;

  const std::vector<int>& cores() const { return cores_; }
  bool pinned() const { return pin_; }

private:
  std::vector<int> cores_;
  bool pin_;
};

} // namespace baton::gpu::cpu
