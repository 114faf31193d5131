#include <cstdlib>
#include <cstring>
#include <thread>

#include "tests/fake_cuda/device_memory.hpp"
#include "tests/fake_cuda/fault.hpp"
#include "tests/fake_cuda/machine.hpp"
#include "tests/fake_cuda/stream.hpp"

/// The runtime's calls that allocate, free, copy and set memory.
namespace fake_cuda {
namespace {

/// What of `seen` may still be under way on a lost device: that ends by itself. On any other it is a fault.
std::vector<touch_note> unfinished(const history& seen, const char* call, const void* p) {
  auto& m = the_machine();
  auto left = seen.unfinished(m.host);
  for (const auto& a : left)
    if (!m.lost(a.device))
      die("%s of %p while %s on stream %u of device %d may still use it: the host has not waited for it", call, p,
          a.name, a.stream, a.device);
  return left;
}

void await(const std::vector<touch_note>& accesses) {
  for (const auto& a : accesses) {
    std::shared_ptr<stream> s;
    {
      std::lock_guard lock(the_machine().lock);
      s = stream_at(a.slot);
    }
    if (s)
      s->wait(a.at);
  }
}

void travel(std::size_t bytes) {
  const auto megabytes_per_second = the_machine().link_mbs.load();
  if (megabytes_per_second > 0)
    std::this_thread::sleep_for(
        std::chrono::duration<double, std::micro>(static_cast<double>(bytes) / megabytes_per_second));
}

/// Where a stream's thread finds the byte.
void* side(const void* p) {
  return device_memory::instance().owner(p) < 0 ? const_cast<void*>(p) : translate(p);
}

bool matches(cudaMemcpyKind kind_given, bool to_device, bool from_device) {
  switch (kind_given) {
  case cudaMemcpyHostToHost: return !to_device && !from_device;
  case cudaMemcpyHostToDevice: return to_device && !from_device;
  case cudaMemcpyDeviceToHost: return !to_device && from_device;
  case cudaMemcpyDeviceToDevice: return to_device && from_device;
  case cudaMemcpyDefault: return true;
  }
  return false;
}

bool reaches_a_lost_device(const void* p) {
  const auto owner = device_memory::instance().owner(p);
  return owner >= 0 && the_machine().lost(owner);
}

cudaError_t copy(void* to, const void* from, std::size_t bytes, stream& s, const char* call) {
  if (reaches_a_lost_device(to) || reaches_a_lost_device(from))
    return failed(cudaErrorIllegalAddress);
  if (bytes == 0)
    return cudaSuccess;
  if (auto* a = static_cast<char*>(to);
      a < static_cast<const char*>(from) + bytes && static_cast<const char*>(from) < a + bytes)
    die("%s between ranges that overlap: %zu bytes from %p to %p", call, bytes, from, to);
  std::lock_guard lock(the_machine().lock);
  submit(s,
         {.name = call, .is = operation::sort::copy, .touched = {{from, bytes, false}, {to, bytes, true}}, .run = [=] {
            travel(bytes);
            std::memcpy(side(to), side(from), bytes);
          }});
  return cudaSuccess;
}

void must_lie_on(const void* p, int device, const char* call) {
  if (const auto owner = device_memory::instance().owner(p); owner != device)
    die("%s: %p is said to lie on device %d, but lies %s", call, p, device,
        owner < 0 ? "in the host's memory" : ("on device " + std::to_string(owner)).c_str());
}

} // namespace
} // namespace fake_cuda

using namespace fake_cuda;

extern "C" {

cudaError_t cudaMemGetInfo(std::size_t* free_bytes, std::size_t* total) {
  enter("cudaMemGetInfo");
  if (auto error = state_of(current_device()))
    return error;
  auto& m = the_machine();
  std::lock_guard lock(m.lock);
  const auto used = m.devices[static_cast<std::size_t>(current_device())]->used;
  *total = m.memory;
  *free_bytes = std::min(m.memory, m.memory_limit) - std::min({m.memory, m.memory_limit, used});
  return cudaSuccess;
}

cudaError_t cudaMalloc(void** result, std::size_t bytes) {
  enter("cudaMalloc");
  not_in_capture("cudaMalloc");
  *result = nullptr;
  if (auto error = state_of(current_device()))
    return error;
  if (bytes == 0)
    return cudaSuccess;
  auto& m = the_machine();
  auto& memory = device_memory::instance();
  std::optional<placement> place;
  {
    std::lock_guard lock(m.lock);
    auto& used = m.devices[static_cast<std::size_t>(current_device())]->used;
    const auto most = std::min(m.memory, m.memory_limit);
    if (bytes <= most && used <= most - bytes)
      place = memory.reserve(current_device(), bytes);
    if (!place)
      return failed(cudaErrorMemoryAllocation);
    used += bytes;
  }
  memory.fill(*place);
  *result = memory.address(place->begin);
  return cudaSuccess;
}

cudaError_t cudaFree(void* p) {
  enter("cudaFree");
  not_in_capture("cudaFree");
  if (!p)
    return cudaSuccess;
  auto& m = the_machine();
  auto& memory = device_memory::instance();
  placement place;
  std::vector<touch_note> left;
  {
    std::lock_guard lock(m.lock);
    auto& block = memory.to_be_freed(p);
    left = unfinished(block.seen, "cudaFree", p);
    place = block.where;
    m.devices[static_cast<std::size_t>(place.device)]->used -= place.end - place.begin;
    memory.mark_freed(block);
  }
  await(left);
  memory.clear(place);
  return state_of(place.device);
}

cudaError_t cudaHostAlloc(void** result, std::size_t bytes, unsigned flags) {
  enter("cudaHostAlloc");
  not_in_capture("cudaHostAlloc");
  *result = nullptr;
  if ((flags & ~static_cast<unsigned>(cudaHostAllocPortable | cudaHostAllocMapped | cudaHostAllocWriteCombined)) != 0)
    return failed(cudaErrorInvalidValue);
  if (auto error = state_of(current_device()))
    return error;
  if (bytes == 0)
    return cudaSuccess;
  *result = std::aligned_alloc(page_bytes, (bytes + page_bytes - 1) / page_bytes * page_bytes);
  if (!*result)
    return failed(cudaErrorMemoryAllocation);
  std::memset(*result, 0xFF, bytes);
  std::lock_guard lock(the_machine().lock);
  pinned_memory::instance().add(*result, bytes);
  return cudaSuccess;
}

cudaError_t cudaFreeHost(void* p) {
  enter("cudaFreeHost");
  not_in_capture("cudaFreeHost");
  if (!p)
    return cudaSuccess;
  std::vector<touch_note> left;
  {
    std::lock_guard lock(the_machine().lock);
    auto& block = pinned_memory::instance().to_be_freed(p);
    left = unfinished(block.seen, "cudaFreeHost", p);
    pinned_memory::instance().remove(p);
  }
  await(left);
  std::free(p);
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind given, cudaStream_t on) {
  enter("cudaMemcpyAsync");
  const auto s = usable_stream(on, "cudaMemcpyAsync");
  if (auto error = state_of(s->device))
    return error;
  const auto& memory = device_memory::instance();
  const bool to_device = memory.owner(to) >= 0;
  const bool from_device = memory.owner(from) >= 0;
  if (bytes > 0 && !matches(given, to_device, from_device))
    die("cudaMemcpyAsync: the kind given is not from the %s to the %s", from_device ? "device" : "host",
        to_device ? "device" : "host");
  return copy(to, from, bytes, *s, "cudaMemcpyAsync");
}

cudaError_t cudaMemcpyPeerAsync(void* to, int to_device, const void* from, int from_device, std::size_t bytes,
                                cudaStream_t on) {
  enter("cudaMemcpyPeerAsync");
  const auto s = usable_stream(on, "cudaMemcpyPeerAsync");
  if (auto error = state_of(s->device))
    return error;
  if (bytes > 0) {
    must_lie_on(to, to_device, "cudaMemcpyPeerAsync");
    must_lie_on(from, from_device, "cudaMemcpyPeerAsync");
  }
  return copy(to, from, bytes, *s, "cudaMemcpyPeerAsync");
}

cudaError_t cudaMemsetAsync(void* p, int value, std::size_t bytes, cudaStream_t on) {
  enter("cudaMemsetAsync");
  const auto s = usable_stream(on, "cudaMemsetAsync");
  if (auto error = state_of(s->device))
    return error;
  if (bytes == 0)
    return cudaSuccess;
  std::lock_guard lock(the_machine().lock);
  submit(*s, {.name = "cudaMemsetAsync", .touched = {{p, bytes, true}}, .run = [=] {
                std::memset(translate(p), value, bytes);
              }});
  return cudaSuccess;
}
}
