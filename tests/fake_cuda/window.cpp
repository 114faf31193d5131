#include "tests/fake_cuda/window.hpp"

#include <cerrno>
#include <cstring>

#include <sys/mman.h>

#include "tests/fake_cuda/fault.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
extern "C" void __asan_get_shadow_mapping(std::size_t* scale, std::size_t* offset); // NOLINT: the sanitizer's name
#endif

namespace fake_cuda {

window::window(int file, std::size_t bytes, int protection) {
  auto* mapped = ::mmap(nullptr, bytes, protection, MAP_SHARED | MAP_NORESERVE, file, 0);
  if (mapped == MAP_FAILED)
    die("no address space for the devices: %s", std::strerror(errno));
  base_ = static_cast<char*>(mapped);
}

#if defined(__SANITIZE_ADDRESS__)

namespace {

constexpr std::size_t granule = 8; // bytes for which the sanitizer has one of its own
constexpr std::size_t most_known = 1 << 16;

} // namespace

void window::open(const piece& p) {
  if (closed_.size() > most_known)
    closed_.clear();
  if (closed_.insert(p.of.serial).second)
    __asan_poison_memory_region(at(p.of.slot - page_bytes), p.of.slot_end - p.of.slot + 2 * page_bytes);
  __asan_unpoison_memory_region(at(p.begin), p.bytes);
}

void window::close(const piece& p) {
  const auto begin = p.begin / granule * granule;
  const auto end = (p.begin + p.bytes + granule - 1) / granule * granule;
  __asan_poison_memory_region(at(begin), end - begin);
}

void window::forget(const placement& p) const {
  std::size_t scale = 0;
  std::size_t offset = 0;
  __asan_get_shadow_mapping(&scale, &offset);
  auto shadow = [&](std::size_t of) { return (reinterpret_cast<std::size_t>(at(of)) >> scale) + offset; };
  const auto begin = (shadow(p.slot) + page_bytes - 1) / page_bytes * page_bytes;
  const auto end = shadow(p.slot_end) / page_bytes * page_bytes;
  if (begin < end)
    ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

#else

void window::open(const piece&) {}
void window::close(const piece&) {}
void window::forget(const placement&) const {}

#endif

} // namespace fake_cuda
