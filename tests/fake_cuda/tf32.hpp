#pragma once

#include <bit>
#include <cstdint>

namespace fake_cuda {

/// A factor as tensor cores read it: rounded to 10 bits of mantissa. The stand-in rounds wherever a library may.
inline float tf32(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  if ((bits & 0x7F800000U) == 0x7F800000U)
    return x; // infinite or NaN
  return std::bit_cast<float>((bits + 0x0FFFU + ((bits >> 13) & 1U)) & 0xFFFFE000U);
}

} // namespace fake_cuda
