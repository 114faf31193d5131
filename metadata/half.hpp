#pragma once

#include <bit>
#include <cstdint>

/// float16 and bfloat16 as bits, to and from float32; rounding to nearest even. Source: IEEE 754-2019, 3.6 and 4.3.1.
namespace baton::metadata {

inline float from_bfloat16(std::uint16_t bits) {
  return std::bit_cast<float>(std::uint32_t{bits} << 16);
}

inline std::uint16_t to_bfloat16(float x) {
  auto bits = std::bit_cast<std::uint32_t>(x);
  if ((bits & 0x7fffffffU) > 0x7f800000U)
    return static_cast<std::uint16_t>((bits >> 16) | 0x40U); // a quiet NaN stays one
  return static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
}

float from_float16(std::uint16_t bits);
/// Beyond 65504 (after rounding): infinity.
std::uint16_t to_float16(float x);

} // namespace baton::metadata
