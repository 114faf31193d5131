#pragma once

#include <cstdint>
#include <limits>

#include "metadata/ids.hpp"

/// Whole-number arithmetic of amounts, rates and times: no rounding but the one that is said, nothing overflows.
namespace baton::metadata {

/// Holds the product of any two 64-bit numbers.
__extension__ using wide = __int128;

/// `x` as nanoseconds, held within 0 ... the last moment before `never`.
inline duration to_duration(wide x) {
  constexpr wide most = std::numeric_limits<std::int64_t>::max() - 1;
  return duration{static_cast<std::int64_t>(x < 0 ? 0 : x > most ? most : x)};
}

/// How long `amount` (bytes, operations) takes at `per_second`, rounded up. @pre per_second > 0
inline duration time_of(std::uint64_t amount, std::uint64_t per_second) {
  return to_duration((wide{amount} * 1'000'000'000 + per_second - 1) / per_second);
}

} // namespace baton::metadata
