#pragma once

#include <new>
#include <string>
#include <type_traits>
#include <utility>

#include "gpu/failure.hpp"

namespace baton::gpu {

/// Must be called from a handler: what was thrown, as an error. `part` begins the sentence where the thrower did not
/// write one.
inline error caught(const std::string& part) {
  try {
    throw;
  } catch (const failure& f) {
    return f.why();
  } catch (const std::bad_alloc&) {
    return {errc::out_of_memory, part + ": the machine has no more memory"};
  } catch (const std::exception& e) {
    return {errc::internal, part + ": " + e.what()};
  } catch (...) {
    return {errc::internal, part + ": an unknown exception"};
  }
}

/// Calls `f` at the device border: its result, or what it threw as the error that `translate` makes of it.
template <class F, class Translate>
auto guarded(F&& f, Translate&& translate) -> expected<std::invoke_result_t<F>> {
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<F>>) {
      std::forward<F>(f)();
      return {};
    } else {
      return std::forward<F>(f)();
    }
  } catch (...) {
    return tl::unexpected(translate());
  }
}

} // namespace baton::gpu
