#pragma once

#include <new>
#include <string>
#include <type_traits>
#include <utility>

#include <dnnl.hpp>

#include "gpu/failure.hpp"

namespace baton::gpu::cpu {

/// Must be called from a handler: what was thrown, as an error. What oneDNN throws gets `otherwise`, except for lack
/// of memory.
inline error caught(errc otherwise, const std::string& part) {
  try {
    throw;
  } catch (const failure& f) {
    return f.why();
  } catch (const dnnl::error& e) {
    return {e.status == dnnl_out_of_memory ? errc::out_of_memory : otherwise, part + ": oneDNN: " + e.what()};
  } catch (const std::bad_alloc&) {
    return {errc::out_of_memory, part + ": the machine has no more memory"};
  } catch (const std::exception& e) {
    return {errc::internal, part + ": " + e.what()};
  } catch (...) {
    return {errc::internal, part + ": an unknown exception"};
  }
}

/// Calls `f` at the device border: its result, or what it threw as an error. `part` begins the sentence.
template <class F>
auto guarded(const std::string& part, F&& f) -> expected<std::invoke_result_t<F>> {
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<F>>) {
      std::forward<F>(f)();
      return {};
    } else {
      return std::forward<F>(f)();
    }
  } catch (...) {
    return tl::unexpected(caught(errc::device_failed, part));
  }
}

} // namespace baton::gpu::cpu
