#include "gpu/cuda/stager.hpp"

#include <algorithm>
#include <cstring>

#include "gpu/cuda/current_gpu.hpp"
#include "gpu/cuda/defaults.hpp"
#include "gpu/defaults.hpp"

namespace baton::gpu::cuda {
namespace {

void look_at(const std::atomic<bool>* cancel) {
  if (cancel && cancel->load(std::memory_order_relaxed))
    raise(errc::cancelled, "the copy was cancelled");
}

/// Nothing is under way any more when a copy is left, by a fault too: the memory is the caller's again.
class drained {
public:
  explicit drained(cudaStream_t stream) : stream_(stream) {}
  ~drained() { (void)cudaStreamSynchronize(stream_); }
  drained(const drained&) = delete;
  drained& operator=(const drained&) = delete;

private:
  cudaStream_t stream_;
};

void wait(cudaEvent_t event) {
  check(cudaEventSynchronize(event), "cudaEventSynchronize");
}

} // namespace

stager::stager(int gpu) : gpu_(gpu) {
  current_gpu here(gpu_);
  check(cudaStreamCreateWithPriority(stream_.put(), cudaStreamNonBlocking, 0), "cudaStreamCreateWithPriority");
  for (auto& h : halves_) {
    check(cudaEventCreateWithFlags(h.done.put(), cudaEventDisableTiming | cudaEventBlockingSync),
          "cudaEventCreateWithFlags");
    check(cudaHostAlloc(h.memory.put(), defaults::copy_chunk, cudaHostAllocPortable), "cudaHostAlloc");
  }
}

stager::~stager() {
  current_gpu_quietly here(gpu_);
  halves_ = {};
  stream_ = {};
}

void stager::record(const half& h) const {
  check(cudaEventRecord(h.done.get(), stream_.get()), "cudaEventRecord");
}

void stager::to_gpu(std::byte* to, const std::byte* from, std::size_t bytes, const std::atomic<bool>* cancel) {
  std::lock_guard lock(mutex_);
  current_gpu here(gpu_);
  drained at_end(stream_.get());
  std::size_t turn = 0;
  for (std::size_t done = 0; done < bytes; done += defaults::copy_chunk, ++turn) {
    look_at(cancel);
    const auto& one = halves_[turn % 2];
    const auto size = std::min(defaults::copy_chunk, bytes - done);
    if (turn >= 2)
      wait(one.done.get());
    std::memcpy(one.data(), from + done, size);
    check(cudaMemcpyAsync(to + done, one.data(), size, cudaMemcpyHostToDevice, stream_.get()), "cudaMemcpyAsync");
    record(one);
  }
  check(cudaStreamSynchronize(stream_.get()), "cudaStreamSynchronize");
}

void stager::to_host(std::byte* to, const std::byte* from, std::size_t bytes, const std::atomic<bool>* cancel) {
  std::lock_guard lock(mutex_);
  current_gpu here(gpu_);
  drained at_end(stream_.get());
  const auto chunks = (bytes + defaults::copy_chunk - 1) / defaults::copy_chunk;
  for (std::size_t i = 0; i <= chunks; ++i) {
    if (i < chunks) {
      look_at(cancel);
      const auto begin = i * defaults::copy_chunk;
      const auto& one = halves_[i % 2];
      check(cudaMemcpyAsync(one.data(), from + begin, std::min(defaults::copy_chunk, bytes - begin),
                            cudaMemcpyDeviceToHost, stream_.get()),
            "cudaMemcpyAsync");
      record(one);
    }
    if (i > 0) { // while this one is on the link, the one before is emptied
      const auto begin = (i - 1) * defaults::copy_chunk;
      const auto& one = halves_[(i - 1) % 2];
      wait(one.done.get());
      std::memcpy(to + begin, one.data(), std::min(defaults::copy_chunk, bytes - begin));
    }
  }
}

void stager::from_peer(std::byte* to, const std::byte* from, int other, std::size_t bytes,
                       const std::atomic<bool>* cancel) {
  std::lock_guard lock(mutex_);
  current_gpu here(gpu_);
  drained at_end(stream_.get());
  // The link is kept busy with a chunk ahead, so that a cancelled copy ends within two.
  std::size_t turn = 0;
  for (std::size_t done = 0; done < bytes; done += defaults::peer_chunk, ++turn) {
    look_at(cancel);
    const auto& one = halves_[turn % 2];
    if (turn >= 2)
      wait(one.done.get());
    check(cudaMemcpyPeerAsync(to + done, gpu_, from + done, other, std::min(defaults::peer_chunk, bytes - done),
                              stream_.get()),
          "cudaMemcpyPeerAsync");
    record(one);
  }
  check(cudaStreamSynchronize(stream_.get()), "cudaStreamSynchronize");
}

} // namespace baton::gpu::cuda
