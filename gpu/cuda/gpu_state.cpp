#include "gpu/cuda/gpu_state.hpp"

#include "gpu/cuda/current_gpu.hpp"

namespace baton::gpu::cuda {

void gpu_state::await(const ticket& t) const {
  if (t.sequence == 0)
    return;
  for (const auto& lane : timelines->find(t))
    if (!lane->wait(t.sequence))
      raise(errc::values_lost, "the work that was to be waited for failed");
}

bool gpu_state::reads(const gpu_state& other) {
  if (number == other.number)
    return true;
  if (peers.at(static_cast<std::size_t>(other.number)) == peer::unreachable)
    return false;
  std::lock_guard lock(mutex_);
  auto [known, fresh] = reads_.try_emplace(other.number, false);
  if (fresh) {
    const current_gpu here(number);
    const auto result = cudaDeviceEnablePeerAccess(other.number, 0);
    known->second = result == cudaSuccess || result == cudaErrorPeerAccessAlreadyEnabled;
    (void)cudaGetLastError();
  }
  return known->second;
}

bool gpu_state::lost() const {
  const current_gpu_quietly here(number);
  std::size_t free = 0;
  std::size_t total = 0;
  const auto result = cudaMemGetInfo(&free, &total);
  (void)cudaGetLastError();
  return result != cudaSuccess;
}

} // namespace baton::gpu::cuda
