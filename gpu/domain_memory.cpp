#include "gpu/domain_memory.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>

#include <sys/mman.h>

#include "gpu/defaults.hpp"
#include "gpu/failure.hpp"

namespace baton::gpu {
namespace {

/// Whole lines, one at least.
std::size_t rounded(std::size_t bytes) {
  return std::max(bytes + defaults::alignment - 1, defaults::alignment) / defaults::alignment * defaults::alignment;
}

class heap final : public memory_source {
public:
  std::byte* take(std::size_t bytes) override {
    if (bytes < defaults::huge_from)
      return static_cast<std::byte*>(std::aligned_alloc(defaults::alignment, bytes));
    constexpr auto page = defaults::huge_page;
    const auto whole = (bytes + page - 1) / page * page;
    auto* data = static_cast<std::byte*>(std::aligned_alloc(page, whole));
#if defined(MADV_HUGEPAGE)
    if (data)
      ::madvise(data, whole, MADV_HUGEPAGE); // a wish: without it all works, slower
#endif
    return data;
  }
  void give_back(std::byte* data) noexcept override {
    std::free(data);
  }
};

} // namespace

domain_memory::domain_memory(std::string name, std::uint64_t limit, std::unique_ptr<memory_source> source)
    : name_(std::move(name)), limit_(limit), source_(source ? std::move(source) : std::make_unique<heap>()) {}

domain_memory::~domain_memory() {
  drop_kept();
}

void domain_memory::drop_kept() {
  for (auto& [bytes, data] : kept_)
    source_->give_back(data);
  kept_.clear();
  kept_bytes_ = 0;
}

void domain_memory::refuse(std::string_view what, std::size_t bytes, const std::string& reason) const {
  raise(errc::out_of_memory, "domain '" + name_ + "': no memory for " + std::string(what) + " of "
                                 + std::to_string(bytes) + " bytes: " + reason);
}

std::size_t domain_memory::admit(std::string_view what, std::size_t bytes) {
  const auto taken = rounded(bytes);
  // A kept block counts against the limit too, but never stands in the way of a new one.
  if (limit_ > 0 && used() + kept_bytes_ + taken > limit_)
    drop_kept();
  if (limit_ > 0 && (taken > limit_ || used() > limit_ - taken))
    refuse(what, bytes,
           "the limit is " + std::to_string(limit_) + " bytes, in use are " + std::to_string(used_[0]) + " by weights, "
               + std::to_string(used_[1]) + " by activation blocks, " + std::to_string(used_[2]) + " by scratch");
  return taken;
}

buffer domain_memory::count(purpose why, std::size_t bytes, std::string_view what) {
  std::lock_guard lock(mutex_);
  const auto taken = admit(what, bytes);
  used_[static_cast<std::size_t>(why)] += taken;
  return {shared_from_this(), nullptr, taken, why};
}

buffer domain_memory::allocate(purpose why, std::size_t bytes, std::string_view what) {
  if (bytes > std::numeric_limits<std::size_t>::max() - defaults::alignment)
    refuse(what, bytes, "the size overflows");
  const auto taken = rounded(bytes);
  std::byte* data = nullptr;
  std::lock_guard lock(mutex_);
  if (auto kept = kept_.find(taken); why == purpose::blocks && kept != kept_.end()) {
    data = kept->second;
    kept_.erase(kept);
    kept_bytes_ -= taken;
  }
  try {
    (void)admit(what, bytes);
  } catch (...) {
    if (data)
      source_->give_back(data);
    throw;
  }
  if (!data)
    data = source_->take(taken);
  if (!data && kept_bytes_ > 0) {
    drop_kept();
    data = source_->take(taken);
  }
  if (!data)
    refuse(what, bytes, "there is no more");
  used_[static_cast<std::size_t>(why)] += taken;
  return {shared_from_this(), data, taken, why};
}

void domain_memory::give_back(std::byte* data, std::size_t bytes, purpose why) noexcept {
  {
    std::lock_guard lock(mutex_);
    used_[static_cast<std::size_t>(why)] -= bytes;
    if (!data)
      return; // it was only counted
    if (why == purpose::blocks && kept_bytes_ + bytes <= defaults::kept_block_bytes) {
      try {
        kept_.emplace(bytes, data);
        kept_bytes_ += bytes;
        return;
      } catch (...) {
        // Keeping it is a convenience: without memory for the note it is freed.
      }
    }
  }
  source_->give_back(data);
}

memory_usage domain_memory::usage() const {
  std::lock_guard lock(mutex_);
  return {used_[0], used_[1], used_[2]};
}

} // namespace baton::gpu
