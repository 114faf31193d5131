#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include <cuda_runtime_api.h>

#include "tests/fake_cuda/order.hpp"

namespace fake_cuda {

/// What is known of one device, besides of its memory.
struct device_state {
  std::atomic<bool> lost{false};
  // Under the machine's lock:
  std::uint64_t lose_in = 0;   ///< the operation, counted from the next one, at which it gets lost; 0: at none
  std::size_t used = 0;        ///< bytes of its memory
  std::size_t graph_bytes = 0; ///< of these, by executable graphs
  int captures = 0;            ///< under way on its streams, in whatever thread
  std::vector<bool> reaches;   ///< by device: whether peer access was enabled
};

/// The devices, what was injected into them, and what the host waited for. Made at the first call, never destroyed.
///
/// A limit: the host has one clock. What any of its threads waited for counts as over for all of them, because the
/// stand-in does not see the mutexes and queues by which they tell each other. So a missing event wait is not found
/// where an unrelated thread happens to have waited long enough.
struct machine {
  machine();

  bool lost(int device) const { return devices[static_cast<std::size_t>(device)]->lost; }
  int count() const { return static_cast<int>(devices.size()); }
  /// Under the lock: the host, and so all that is put on streams from now on, comes after `over`.
  void host_waited_for(const vector_clock& over);

  std::mutex lock; ///< the outermost one
  std::vector<std::unique_ptr<device_state>> devices;
  std::size_t memory = 0; ///< bytes of each device
  std::atomic<bool> peers{true};
  std::atomic<int> refused_rows{0};
  std::atomic<bool> fused_refused{false};
  std::atomic<unsigned> delay_us{0};
  std::atomic<unsigned> call_us{0};
  std::atomic<unsigned> graph_us{0};
  std::atomic<double> link_mbs{0};
  std::uint64_t seed = 1;
  // Under the lock:
  std::size_t memory_limit = 0;
  std::uint64_t operations = 0;
  std::atomic<std::uint64_t> graph_launches{0};
  std::atomic<std::uint64_t> captures{0};
  vector_clock host;
  std::uint64_t host_version = 1; ///< rises whenever `host` changes
};

machine& the_machine();

/// The calling thread's device.
int current_device();
void make_current(int device);

/// Notes the calling thread's last error, and hands it on.
cudaError_t failed(cudaError_t error);
/// `failed(cudaErrorIllegalAddress)` if the device is lost.
cudaError_t state_of(int device);
cudaError_t last_error();
void forget_last_error();

} // namespace fake_cuda
