#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "tests/fake_cuda/fake_cuda.hpp"
#include "tests/fake_cuda/order.hpp"
#include "tests/fake_cuda/window.hpp"

namespace fake_cuda {

/// A block of device memory.
struct device_block {
  placement where;
  bool freed = false;
  history seen;
};

/// A block of pinned host memory.
struct pinned_block {
  std::size_t bytes = 0;
  history seen;
};

/// The memory of all devices: addresses that the program gets, which nobody can use, and what stream threads see behind
/// them. Every block has pages of its own, and addresses are used again only after all others were. Except where said,
/// under the machine's lock.
class device_memory {
public:
  static device_memory& instance();

  /// The device in whose memory `p` lies, or -1. From any thread, without the lock.
  int owner(const void* p) const;
  void* address(std::size_t offset) const { return addresses_->at(offset); }

  /// Finds a place. Empty: no memory.
  std::optional<placement> reserve(int device, std::size_t bytes);
  /// Makes a new block usable, full of NaN. Without the lock.
  void fill(const placement& p);
  /// The block that begins at `p`, which the program wants to give back; ends the process if there is none.
  device_block& to_be_freed(const void* p);
  void mark_freed(device_block& block);
  /// Makes a block that is no more unusable. Without the lock.
  void clear(const placement& p);
  /// The block that holds all of `bytes` from `p`; ends the process if there is none.
  device_block& holding(const void* p, std::size_t bytes, const char* name);
  std::size_t offset_of(const void* p) const;

  /// Ends the process if `name` wrote behind or before a block. Without the lock.
  void check_edges(const placement& p, const char* name) const;

  /// What a stream's thread sees the memory through. Without the lock.
  window& take_window();
  void return_window(window& w);
  const window& own_window() const { return *shared_; }

private:
  device_memory();

  std::size_t total_ = 0;
  int file_ = -1;
  std::unique_ptr<window> addresses_; ///< handed out; without any access
  std::unique_ptr<window> shared_;    ///< for all threads, if not `exact_spans`; else for the host's alone
  std::mutex windows_mutex_;
  std::vector<std::unique_ptr<window>> windows_; ///< of stream threads, if `exact_spans`
  std::vector<window*> spare_windows_;
  std::map<std::size_t, device_block> blocks_; ///< by begin
  std::deque<std::size_t> freed_;              ///< the oldest are forgotten
  std::vector<std::size_t> next_;              ///< by device: where to look for a place
  std::uint64_t serial_ = 0;
};

/// Pinned memory. Under the machine's lock.
class pinned_memory {
public:
  static pinned_memory& instance();
  void add(void* p, std::size_t bytes);
  /// Ends the process if nothing begins at `p`.
  pinned_block& to_be_freed(const void* p);
  void remove(const void* p);
  /// The block that holds all of `bytes` from `p` and its begin; ends the process if there is none.
  std::pair<const char*, pinned_block*> holding(const void* p, std::size_t bytes, const char* name);

private:
  std::map<const char*, pinned_block> blocks_;
};

/// The calling thread is a stream's while this lives: it may reach device memory.
class stream_thread {
public:
  stream_thread();
  ~stream_thread();
  stream_thread(const stream_thread&) = delete;
  stream_thread& operator=(const stream_thread&) = delete;

  void before(const std::vector<piece>& touched);
  void after(const std::vector<piece>& touched, const char* name);

private:
  window& window_;
};

} // namespace fake_cuda
