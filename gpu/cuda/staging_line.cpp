#include "gpu/cuda/staging_line.hpp"

#include <algorithm>
#include <cstring>

#include "gpu/cuda/current_gpu.hpp"
#include "gpu/cuda/defaults.hpp"

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

/// Small copies are cut too, so that host and link work at once.
std::size_t chunk_of(std::size_t bytes) {
  return std::clamp(bytes / 4, defaults::least_copy_chunk, defaults::copy_chunk);
}

} // namespace

staging_line::staging_line(int gpu) : gpu_(gpu) {
  current_gpu here(gpu_);
  check(cudaStreamCreateWithPriority(stream_.put(), cudaStreamNonBlocking, 0), "cudaStreamCreateWithPriority");
  for (auto& b : buffers_) {
    check(cudaEventCreateWithFlags(b.done.put(), cudaEventDisableTiming | cudaEventBlockingSync),
          "cudaEventCreateWithFlags");
    check(cudaHostAlloc(b.memory.put(), defaults::copy_chunk, cudaHostAllocPortable), "cudaHostAlloc");
  }
}

staging_line::~staging_line() {
  current_gpu_quietly here(gpu_);
  buffers_ = {};
  stream_ = {};
}

void staging_line::record(const buffer_in_turn& b) const {
  check(cudaEventRecord(b.done.get(), stream_.get()), "cudaEventRecord");
}

void staging_line::to_gpu(std::byte* to, const std::byte* from, std::size_t bytes, const std::atomic<bool>* cancel) {
  current_gpu here(gpu_);
  drained at_end(stream_.get());
  const auto chunk = chunk_of(bytes);
  std::size_t turn = 0;
  for (std::size_t done = 0; done < bytes; done += chunk, ++turn) {
    look_at(cancel);
    const auto& one = at_turn(turn);
    const auto size = std::min(chunk, bytes - done);
    if (turn >= buffers)
      wait(one.done.get());
    std::memcpy(one.data(), from + done, size);
    check(cudaMemcpyAsync(to + done, one.data(), size, cudaMemcpyHostToDevice, stream_.get()), "cudaMemcpyAsync");
    record(one);
  }
  check(cudaStreamSynchronize(stream_.get()), "cudaStreamSynchronize");
}

void staging_line::to_host(std::byte* to, const std::byte* from, std::size_t bytes, const std::atomic<bool>* cancel) {
  current_gpu here(gpu_);
  drained at_end(stream_.get());
  const auto chunk = chunk_of(bytes);
  const auto chunks = (bytes + chunk - 1) / chunk;
  const auto size_of = [&](std::size_t i) { return std::min(chunk, bytes - i * chunk); };
  constexpr auto ahead = buffers - 1; // on the link while the one before them is emptied
  for (std::size_t i = 0; i < chunks + ahead; ++i) {
    if (i < chunks) {
      look_at(cancel);
      const auto& one = at_turn(i);
      check(cudaMemcpyAsync(one.data(), from + i * chunk, size_of(i), cudaMemcpyDeviceToHost, stream_.get()),
            "cudaMemcpyAsync");
      record(one);
    }
    if (i >= ahead && i - ahead < chunks) {
      const auto& one = at_turn(i - ahead);
      wait(one.done.get());
      std::memcpy(to + (i - ahead) * chunk, one.data(), size_of(i - ahead));
    }
  }
}

void staging_line::from_peer(std::byte* to, const std::byte* from, int other, std::size_t bytes,
                             const std::atomic<bool>* cancel) {
  current_gpu here(gpu_);
  drained at_end(stream_.get());
  // The link is kept busy with chunks ahead, so that a cancelled copy ends within as many.
  constexpr std::size_t ahead = 2;
  std::size_t turn = 0;
  for (std::size_t done = 0; done < bytes; done += defaults::peer_chunk, ++turn) {
    look_at(cancel);
    const auto& one = buffers_[turn % ahead];
    if (turn >= ahead)
      wait(one.done.get());
    check(cudaMemcpyPeerAsync(to + done, gpu_, from + done, other, std::min(defaults::peer_chunk, bytes - done),
                              stream_.get()),
          "cudaMemcpyPeerAsync");
    record(one);
  }
  check(cudaStreamSynchronize(stream_.get()), "cudaStreamSynchronize");
}

} // namespace baton::gpu::cuda
