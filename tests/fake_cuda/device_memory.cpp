#include "tests/fake_cuda/device_memory.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/fake_cuda/fault.hpp"
#include "tests/fake_cuda/handles.hpp"
#include "tests/fake_cuda/machine.hpp"

namespace fake_cuda {
namespace {

/// Addresses of each device. Far more than its memory, so that none is used twice in a test.
constexpr std::size_t device_span = std::size_t{64} << 30;
constexpr std::size_t alignment = 256; // what CUDA promises, and no more
constexpr std::size_t freed_known = 1 << 16;
constexpr unsigned char not_a_number = 0xFF; // in every floating-point type, if all bytes are so
constexpr unsigned char edge = 0xC5;

thread_local const window* reach = nullptr; // of a stream's thread

constexpr std::size_t round_up(std::size_t n, std::size_t to) {
  return (n + to - 1) / to * to;
}

const std::array<unsigned char, page_bytes>& edges() {
  static const auto bytes = [] {
    std::array<unsigned char, page_bytes> all{};
    all.fill(edge);
    return all;
  }();
  return bytes;
}

} // namespace

device_memory& device_memory::instance() {
  static device_memory& only = *new device_memory; // stream threads may outlive static objects
  return only;
}

device_memory::device_memory() {
  const auto devices = static_cast<std::size_t>(the_machine().count());
  total_ = std::max<std::size_t>(1, devices) * device_span;
  next_.assign(devices, page_bytes);
  file_ = ::memfd_create("fake-cuda", MFD_CLOEXEC);
  if (file_ < 0 || ::ftruncate(file_, static_cast<off_t>(total_)) != 0)
    die("no file for the devices' memory: %s", std::strerror(errno));
  addresses_ = std::make_unique<window>(file_, total_, PROT_NONE);
  shared_ = std::make_unique<window>(file_, total_, exact_spans ? PROT_READ | PROT_WRITE : PROT_NONE);
}

int device_memory::owner(const void* p) const {
  const auto offset = static_cast<std::size_t>(static_cast<const char*>(p) - addresses_->at(0));
  return offset < total_ ? static_cast<int>(offset / device_span) : -1;
}

std::size_t device_memory::offset_of(const void* p) const {
  return static_cast<std::size_t>(static_cast<const char*>(p) - addresses_->at(0));
}

// -- blocks -----------------------------------------------------------------------------------------------------------

std::optional<placement> device_memory::reserve(int device, std::size_t bytes) {
  const auto first = static_cast<std::size_t>(device) * device_span;
  const auto data = round_up(bytes, alignment);
  const auto pages = round_up(data, page_bytes);
  auto& next = next_[static_cast<std::size_t>(device)];
  for (int round = 0; round < 2 && pages < device_span; ++round, next = page_bytes) {
    auto slot = first + next;
    for (auto i = blocks_.lower_bound(slot); i != blocks_.end() && i->second.where.slot < slot + pages + page_bytes;
         ++i)
      if (!i->second.freed)
        slot = i->second.where.slot_end + page_bytes;
    if (slot + pages + page_bytes > first + device_span)
      continue;
    next = slot + pages + page_bytes - first;
    blocks_.erase(blocks_.lower_bound(slot), blocks_.lower_bound(slot + pages)); // freed long ago
    const placement p{.slot = slot,
                      .begin = slot + pages - data,
                      .end = slot + pages - data + bytes,
                      .slot_end = slot + pages,
                      .serial = ++serial_,
                      .device = device};
    blocks_[p.begin].where = p;
    ++alive(kind::device_block);
    return p;
  }
  return {};
}

void device_memory::fill(const placement& p) {
  const auto& w = *shared_;
  if (!exact_spans && ::mprotect(w.at(p.slot), p.slot_end - p.slot, PROT_READ | PROT_WRITE) != 0)
    die("a block of device memory cannot be opened: %s", std::strerror(errno));
  std::memset(w.at(p.slot), edge, p.begin - p.slot);
  std::memset(w.at(p.begin), not_a_number, p.end - p.begin);
  std::memset(w.at(p.end), edge, p.slot_end - p.end);
}

void device_memory::clear(const placement& p) {
  check_edges(p, "a kernel");
  if (!exact_spans)
    ::mprotect(shared_->at(p.slot), p.slot_end - p.slot, PROT_NONE);
  ::fallocate(file_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(p.slot),
              static_cast<off_t>(p.slot_end - p.slot));
  std::lock_guard guard(windows_mutex_);
  for (auto& w : windows_)
    w->forget(p);
}

void device_memory::check_edges(const placement& p, const char* name) const {
  const auto& w = *shared_;
  if (std::memcmp(w.at(p.slot), edges().data(), p.begin - p.slot) != 0)
    die("%s wrote outside of its spans: before a block of %zu bytes on device %d", name, p.end - p.begin, p.device);
  if (std::memcmp(w.at(p.end), edges().data(), p.slot_end - p.end) != 0)
    die("%s wrote outside of its spans: behind a block of %zu bytes on device %d", name, p.end - p.begin, p.device);
}

device_block& device_memory::to_be_freed(const void* p) {
  if (owner(p) < 0)
    die("cudaFree of %p, which is not in device memory", p);
  auto found = blocks_.find(offset_of(p));
  if (found == blocks_.end())
    die("cudaFree of %p, where no block begins", p);
  if (found->second.freed)
    die("double cudaFree of %p", p);
  return found->second;
}

void device_memory::mark_freed(device_block& block) {
  block.freed = true;
  block.seen = {};
  --alive(kind::device_block);
  freed_.push_back(block.where.begin);
  if (freed_.size() <= freed_known)
    return;
  auto oldest = blocks_.find(freed_.front());
  if (oldest != blocks_.end() && oldest->second.freed)
    blocks_.erase(oldest);
  freed_.pop_front();
}

device_block& device_memory::holding(const void* p, std::size_t bytes, const char* name) {
  const auto offset = offset_of(p);
  auto next = blocks_.upper_bound(offset);
  if (next == blocks_.begin())
    die("%s: no block of device memory is at %p", name, p);
  auto& block = std::prev(next)->second;
  const auto& w = block.where;
  if (w.device != owner(p) || offset >= w.slot_end + page_bytes)
    die("%s: no block of device memory is at %p", name, p);
  if (block.freed)
    die("%s: use after free of %p (a block of %zu bytes on device %d)", name, p, w.end - w.begin, w.device);
  if (offset + bytes > w.end)
    die("%s: %zu bytes at %p run past the end of their block (bytes [%zu,%zu) of %zu) on device %d", name, bytes, p,
        offset - w.begin, offset + bytes - w.begin, w.end - w.begin, w.device);
  return block;
}

// -- windows ----------------------------------------------------------------------------------------------------------

window& device_memory::take_window() {
  if (!exact_spans)
    return *shared_;
  std::lock_guard guard(windows_mutex_);
  if (spare_windows_.empty()) { // never unmapped: the sanitizer would take what it knows of it for something else's
    windows_.push_back(std::make_unique<window>(file_, total_, PROT_READ | PROT_WRITE));
    spare_windows_.push_back(windows_.back().get());
  }
  auto& w = *spare_windows_.back();
  spare_windows_.pop_back();
  return w;
}

void device_memory::return_window(window& w) {
  if (!exact_spans)
    return;
  std::lock_guard guard(windows_mutex_);
  spare_windows_.push_back(&w);
}

stream_thread::stream_thread() : window_(device_memory::instance().take_window()) {
  reach = &window_;
}

stream_thread::~stream_thread() {
  reach = nullptr;
  device_memory::instance().return_window(window_);
}

void stream_thread::before(const std::vector<piece>& touched) {
  if (exact_spans)
    for (const auto& p : touched)
      window_.open(p);
}

void stream_thread::after(const std::vector<piece>& touched, const char* name) {
  for (const auto& p : touched)
    if (exact_spans)
      window_.close(p);
    else
      device_memory::instance().check_edges(p.of, name);
}

void* translate(const void* device_address) {
  if (!reach)
    die("translate(%p) by a thread that is no stream's", device_address);
  const auto& memory = device_memory::instance();
  if (memory.owner(device_address) < 0)
    die("translate: %p is no device address", device_address);
  return reach->at(memory.offset_of(device_address));
}

} // namespace fake_cuda
