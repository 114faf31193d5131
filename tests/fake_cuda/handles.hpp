#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "tests/fake_cuda/fault.hpp"

namespace fake_cuda {

/// What must be given back, in the order in which `leaks()` names it.
enum class kind : unsigned {
  device_block,
  pinned_block,
  stream,
  event,
  graph,
  graph_exec,
  dnn_handle,
  tensor,
  filter,
  convolution,
  activation,
  pooling,
  lrn,
  dropout,
  rnn,
  rnn_data,
  blas_handle,
  matmul,
  matrix_layout,
  matmul_preference,
  count
};

struct kind_name {
  const char* one;
  const char* many;
};
kind_name name_of(kind k);

/// How many are alive.
std::atomic<std::int64_t>& alive(kind k);

/// The objects behind opaque handles of one kind. A handle is a number that is no address and is never used again: what
/// was destroyed is recognised for ever. Thread-safe.
template <class Handle, class Object>
class handles {
public:
  explicit handles(kind k) : kind_(k) {}

  Handle add(std::shared_ptr<Object> object) {
    std::lock_guard guard(mutex_);
    const auto number = (static_cast<std::uintptr_t>(kind_) + 1) << 52 | ++made_ << 4; // not canonical: it faults
    objects_.emplace(number, std::move(object));
    ++alive(kind_);
    return reinterpret_cast<Handle>(number);
  }

  /// What `handle` stands for; ends the process if it stands for nothing (any more).
  std::shared_ptr<Object> at(Handle handle, const char* call) {
    std::lock_guard guard(mutex_);
    auto found = objects_.find(reinterpret_cast<std::uintptr_t>(handle));
    if (found == objects_.end())
      unknown(handle, call);
    return found->second;
  }

  std::shared_ptr<Object> remove(Handle handle, const char* call) {
    std::lock_guard guard(mutex_);
    auto found = objects_.find(reinterpret_cast<std::uintptr_t>(handle));
    if (found == objects_.end())
      unknown(handle, call);
    auto object = std::move(found->second);
    objects_.erase(found);
    --alive(kind_);
    return object;
  }

private:
  [[noreturn]] void unknown(Handle handle, const char* call) const {
    const auto number = reinterpret_cast<std::uintptr_t>(handle);
    const char* what = number == 0                                              ? "null"
                       : number >> 52 == static_cast<std::uintptr_t>(kind_) + 1 ? "destroyed"
                                                                                : "not one";
    die("%s: the %s given is %s", call, name_of(kind_).one, what);
  }

  const kind kind_;
  std::mutex mutex_;
  std::uintptr_t made_ = 0;
  std::unordered_map<std::uintptr_t, std::shared_ptr<Object>> objects_;
};

} // namespace fake_cuda
