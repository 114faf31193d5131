#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "gpu/device.hpp"
#include "gpu/memory_source.hpp"

namespace baton::gpu {

enum class purpose : std::uint8_t { weights, blocks, scratch };

class buffer;

/// The memory of one domain: a cache of freed blocks over a limit over a count by purpose over a source. Thread-safe;
/// its buffers keep it alive.
class domain_memory : public std::enable_shared_from_this<domain_memory> {
public:
  /// `limit` in bytes, 0 for none. Without a source it is the heap's.
  domain_memory(std::string name, std::uint64_t limit, std::unique_ptr<memory_source> source = nullptr);
  ~domain_memory();
  domain_memory(const domain_memory&) = delete;
  domain_memory& operator=(const domain_memory&) = delete;

  /// 64-byte aligned, contents undefined. `what` completes "no memory for ...".
  /// Throws `failure` with `out_of_memory`, which names the domain and the sizes.
  buffer allocate(purpose why, std::size_t bytes, std::string_view what);
  /// Counts what others take of this memory: a buffer without data. Throws as `allocate` does.
  buffer count(purpose why, std::size_t bytes, std::string_view what);
  memory_usage usage() const;
  const std::string& name() const { return name_; }
  std::uint64_t limit() const { return limit_; } ///< bytes; 0: none

private:
  friend class buffer;
  void give_back(std::byte* data, std::size_t bytes, purpose why) noexcept;
  void drop_kept();
  [[noreturn]] void refuse(std::string_view what, std::size_t bytes, const std::string& reason) const;
  /// Under the lock. What `bytes` more are counted as; throws if the limit does not leave so many, even if nothing is
  /// kept.
  std::size_t admit(std::string_view what, std::size_t bytes);
  std::size_t used() const { return used_[0] + used_[1] + used_[2]; }

  const std::string name_;
  const std::uint64_t limit_;
  const std::unique_ptr<memory_source> source_;
  mutable std::mutex mutex_;
  std::array<std::size_t, 3> used_{};
  std::multimap<std::size_t, std::byte*> kept_; ///< freed blocks by size
  std::size_t kept_bytes_ = 0;
};

/// Sole owner of a piece of a domain's memory.
class buffer {
public:
  buffer() = default;
  buffer(std::shared_ptr<domain_memory> home, std::byte* data, std::size_t bytes, purpose why)
      : home_(std::move(home)), data_(data), bytes_(bytes), why_(why) {}
  buffer(buffer&& other) noexcept { swap(other); }
  buffer& operator=(buffer&& other) noexcept {
    buffer old(std::move(other));
    swap(old);
    return *this;
  }
  ~buffer() {
    if (home_)
      home_->give_back(data_, bytes_, why_);
  }

  std::byte* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }
  const domain_memory* home() const { return home_.get(); }

private:
  void swap(buffer& other) noexcept {
    std::swap(home_, other.home_);
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    std::swap(why_, other.why_);
  }

  std::shared_ptr<domain_memory> home_;
  std::byte* data_ = nullptr;
  std::size_t bytes_ = 0;
  purpose why_ = purpose::scratch;
};

} // namespace baton::gpu
