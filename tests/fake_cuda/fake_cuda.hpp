#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include <cuda_runtime_api.h>

#include <cuda/std/array>
#include <cuda/std/span>

/// A host-side stand-in of the CUDA calls that the backend makes: what kernel files compiled by the host's compiler see
/// (through `gpu/cuda/launch.hpp` and `rows.hpp`), and what tests may ask and inject. It is strict: what is wrong ends
/// the process with exit code 86 and one sentence that begins with "fake CUDA: ".
namespace fake_cuda {

// -- kernels ----------------------------------------------------------------------------------------------------------

/// Device bytes that an operation reads or writes.
struct range {
  const void* begin = nullptr;
  std::size_t bytes = 0;
  bool write = false;
};
using ranges = std::vector<range>;

/// Queues `run` on `stream`, to be run by the stream's thread. Checks `touched` against everything that is not ordered
/// before it, now, in the calling thread.
void enqueue(cudaStream_t stream, ranges touched, std::function<void()> run, const char* name = "kernel");
/// Ends the process if the calling thread captures a graph.
void not_in_capture(const char* name);
/// Ends the process if any thread captures on that device. A library's handles are made and go only where nobody does:
/// a card showed that captures of other threads are spoilt by it.
void not_beside_captures(int device, const char* name);
/// The address at which stream threads, and they alone, reach the byte that `device_address` names.
void* translate(const void* device_address);

template <class T>
ranges touch_one(::cuda::std::span<T> s) {
  return {{s.data(), s.size_bytes(), !std::is_const_v<T>}};
}
template <class T>
ranges touch_one(const T&) {
  static_assert(!std::is_pointer_v<T>, "pass spans, not pointers");
  return {};
}
template <class T, std::size_t N>
ranges touch_one(const ::cuda::std::array<::cuda::std::span<T>, N>& spans) {
  ranges result;
  for (const auto& s : spans)
    result.push_back(touch_one(s).front());
  return result;
}
/// What a kernel with these arguments touches.
template <class... A>
ranges touch(const A&... arguments) {
  ranges result;
  auto add = [&](const ranges& more) { result.insert(result.end(), more.begin(), more.end()); };
  (add(touch_one(arguments)), ...);
  return result;
}

/// An argument as a stream's thread may use it.
template <class T>
::cuda::std::span<T> view(::cuda::std::span<T> s) {
  return {static_cast<T*>(s.size() > 0 ? translate(s.data()) : nullptr), s.size()};
}
template <class T>
T view(const T& value) {
  return value;
}
template <class T, std::size_t N>
::cuda::std::array<::cuda::std::span<T>, N> view(::cuda::std::array<::cuda::std::span<T>, N> spans) {
  for (auto& s : spans)
    s = view(s);
  return spans;
}

// -- what tests ask and inject ----------------------------------------------------------------------------------------

/// The same can be set for a whole process by environment variables, read at its first call: FAKE_CUDA_DEVICES (4),
/// FAKE_CUDA_MEMORY (bytes of each device, 1 GiB), FAKE_CUDA_NO_PEER (set: none reads another's memory),
/// FAKE_CUDA_LINK_MBS (megabytes per second of copies; 0: as fast as it goes), FAKE_CUDA_DELAY_US (the most that an
/// operation is delayed, seeded), FAKE_CUDA_SEED, FAKE_CUDA_LOSE ("DEVICE:N": its operation number N raises a sticky
/// error).

/// From now on every call for `device` fails with an illegal address; what is queued there does nothing.
void lose(int device);
/// `device` is lost at the `operations`-th operation put on its streams from now on.
void lose_after(int device, std::uint64_t operations);
/// Ends all injected errors: lost devices are there again.
void heal();
/// `cudaMalloc` and `cudaGraphInstantiate` fail as soon as more than `bytes` would be in use on one device.
void limit_memory(std::size_t bytes);
/// Whether devices can read each other's memory; asked when peers are looked for.
void set_peers(bool there);
/// Convolutions of that many rows of weights have no algorithm; 0: all have one.
void refuse_convolutions(int rows);
/// The call with bias and activation takes no algorithm.
void refuse_fused_convolutions(bool yes);
/// Each operation is delayed by up to `microseconds`.
void delay(unsigned microseconds);
/// To put a kernel on a stream takes the caller `call` microseconds, to launch a graph `graph`.
void issue_takes(unsigned call, unsigned graph);
void link_speed(double megabytes_per_second);
/// How many operations were put on streams so far.
std::uint64_t operations();
/// How many graphs were launched so far.
std::uint64_t graph_launches();
/// How many captures were begun so far.
std::uint64_t captures();
/// Bytes of `device`'s memory that executable graphs have.
std::size_t graph_bytes(int device);
/// What is still alive of memory, streams, events, graphs, descriptors and library handles: "3 streams, 1 event"; empty
/// if nothing is. At the end of a process the same is said, and it ends with 86, if anything is left.
std::string leaks();

} // namespace fake_cuda
