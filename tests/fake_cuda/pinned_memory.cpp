#include "tests/fake_cuda/device_memory.hpp"
#include "tests/fake_cuda/fault.hpp"
#include "tests/fake_cuda/handles.hpp"

namespace fake_cuda {

pinned_memory& pinned_memory::instance() {
  static pinned_memory& only = *new pinned_memory;
  return only;
}

void pinned_memory::add(void* p, std::size_t bytes) {
  blocks_[static_cast<const char*>(p)].bytes = bytes;
  ++alive(kind::pinned_block);
}

pinned_block& pinned_memory::to_be_freed(const void* p) {
  auto found = blocks_.find(static_cast<const char*>(p));
  if (found == blocks_.end())
    die("cudaFreeHost of %p, where no pinned block begins", p);
  return found->second;
}

void pinned_memory::remove(const void* p) {
  blocks_.erase(static_cast<const char*>(p));
  --alive(kind::pinned_block);
}

std::pair<const char*, pinned_block*> pinned_memory::holding(const void* p, std::size_t bytes, const char* name) {
  const auto* at = static_cast<const char*>(p);
  auto next = blocks_.upper_bound(at);
  if (next == blocks_.begin())
    die("%s: host memory at %p is pageable, not pinned", name, p);
  auto& [begin, block] = *std::prev(next);
  if (at >= begin + block.bytes)
    die("%s: host memory at %p is pageable, not pinned", name, p);
  if (at + bytes > begin + block.bytes)
    die("%s: %zu bytes at %p run past the end of their pinned block of %zu bytes", name, bytes, p, block.bytes);
  return {begin, &block};
}

} // namespace fake_cuda
