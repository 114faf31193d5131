#pragma once

#include <cstdint>

#include "metadata/ids.hpp"

namespace baton::scheduling {

using namespace metadata; // NOLINT(google-build-using-namespace): as in task.hpp

/// How bytes get from one domain to another.
struct link_facts {
  duration latency{};
  std::uint64_t bandwidth = 0; ///< bytes/s

  /// How long a copy takes that has the link to itself. @pre bandwidth > 0
  duration copy_time(std::uint64_t bytes) const;
  friend bool operator==(const link_facts&, const link_facts&) = default;
};

template <class I>
auto inspect(I& f, link_facts& x) {
  return f(x.latency, x.bandwidth);
}

} // namespace baton::scheduling
