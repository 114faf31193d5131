#pragma once

#include <string>
#include <utility>

#include "gpu/guard.hpp"

namespace baton::gpu::cuda {

/// As `gpu::caught`, but every sentence begins with `part`: a library's call does not know who made it.
inline error caught(const std::string& part) {
  auto e = gpu::caught(part);
  if (!e.message.starts_with(part))
    e.message = part + ": " + e.message;
  return e;
}

/// Calls `f` at the device border: its result, or what it threw as an error.
template <class F>
auto guarded(const std::string& part, F&& f) {
  return gpu::guarded(std::forward<F>(f), [&] { return caught(part); });
}

} // namespace baton::gpu::cuda
