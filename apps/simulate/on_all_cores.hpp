#pragma once

#include <cstddef>
#include <functional>

#include "metadata/error.hpp"

namespace baton::apps::simulate {

/// Does jobs 0 to `jobs` - 1, on `threads` threads (0: as many as there are processors); `done` is told of each from
/// any of them, one at a time. Errors: that of the first job that fails, whatever the number of threads; later ones may
/// not have been done.
expected<void> on_all_cores(std::size_t jobs, unsigned threads, const std::function<expected<void>(std::size_t)>& job,
                            const std::function<void()>& done);

} // namespace baton::apps::simulate
