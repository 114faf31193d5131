#pragma once

#include <string>
#include <utility>

#include <dnnl.hpp>

#include "gpu/guard.hpp"

namespace baton::gpu::cpu {

/// As `gpu::caught`. What oneDNN throws gets `otherwise`, except for lack of memory.
inline error caught(errc otherwise, const std::string& part) {
  try {
    throw;
  } catch (const dnnl::error& e) {
    return {e.status == dnnl_out_of_memory ? errc::out_of_memory : otherwise, part + ": oneDNN: " + e.what()};
  } catch (...) {
    return gpu::caught(part);
  }
}

/// Calls `f` at the device border: its result, or what it threw as an error. `part` begins the sentence.
template <class F>
auto guarded(const std::string& part, F&& f) {
  return gpu::guarded(std::forward<F>(f), [&] { return caught(errc::device_failed, part); });
}

} // namespace baton::gpu::cpu
