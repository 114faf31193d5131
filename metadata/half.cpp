#include "metadata/half.hpp"

namespace baton::metadata {

float from_float16(std::uint16_t bits) {
  const auto sign = std::uint32_t{bits & 0x8000U} << 16;
  const auto exponent = (bits >> 10) & 0x1fU;
  const auto fraction = std::uint32_t{bits & 0x3ffU};
  if (exponent == 0x1f)
    return std::bit_cast<float>(sign | 0x7f800000U | (fraction << 13));
  if (exponent != 0)
    return std::bit_cast<float>(sign | ((exponent + 112U) << 23) | (fraction << 13));
  const auto magnitude = static_cast<float>(fraction) * 0x1p-24F; // zero or subnormal: exact
  return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(magnitude));
}

std::uint16_t to_float16(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const auto sign = (bits >> 16) & 0x8000U;
  const auto magnitude = bits & 0x7fffffffU;
  if (magnitude > 0x7f800000U)
    return static_cast<std::uint16_t>(sign | 0x7e00U | ((magnitude >> 13) & 0x3ffU));
  if (magnitude >= 0x477ff000U) // 65520 and more round to infinity
    return static_cast<std::uint16_t>(sign | 0x7c00U);
  if (magnitude >= 0x38800000U) // normal: the carry of the rounding may reach the exponent, as it should
    return static_cast<std::uint16_t>(sign | ((magnitude - 0x38000000U + 0xfffU + ((magnitude >> 13) & 1U)) >> 13));
  // Subnormal: adding 0.5 leaves the fraction, rounded by the hardware, in the low bits.
  const auto sum = std::bit_cast<float>(magnitude) + 0.5F;
  return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(sum) - 0x3f000000U));
}

} // namespace baton::metadata
