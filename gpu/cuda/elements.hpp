#pragma once

#include <cstdint>
#include <type_traits>

#include <cuda_runtime_api.h>

#include <cuda/std/bit>
#include <cuda/std/limits>

#include "metadata/numeric.hpp"

/// The elements of every type as kernels see them: the types and conversions of `metadata/numeric.hpp`, with the same
/// bits, for both sides.
namespace baton::gpu::cuda {

/// Source: as `metadata/half.cpp`.
struct float16_element {
  std::uint16_t bits = 0;

  float16_element() = default;
  __host__ __device__ explicit float16_element(float x) : bits(from_float(x)) {}

  __host__ __device__ operator float() const {
    const auto sign = std::uint32_t{bits & 0x8000U} << 16;
    const auto exponent = (bits >> 10) & 0x1fU;
    const auto fraction = std::uint32_t{bits & 0x3ffU};
    if (exponent == 0x1f)
      return ::cuda::std::bit_cast<float>(sign | 0x7f800000U | (fraction << 13));
    if (exponent != 0)
      return ::cuda::std::bit_cast<float>(sign | ((exponent + 112U) << 23) | (fraction << 13));
    const auto magnitude = static_cast<float>(fraction) * 0x1p-24F; // zero or subnormal: exact
    return ::cuda::std::bit_cast<float>(sign | ::cuda::std::bit_cast<std::uint32_t>(magnitude));
  }

private:
  __host__ __device__ static std::uint16_t from_float(float x) {
    const auto all = ::cuda::std::bit_cast<std::uint32_t>(x);
    const auto sign = (all >> 16) & 0x8000U;
    const auto magnitude = all & 0x7fffffffU;
    if (magnitude > 0x7f800000U)
      return static_cast<std::uint16_t>(sign | 0x7e00U | ((magnitude >> 13) & 0x3ffU));
    if (magnitude >= 0x477ff000U) // 65520 and more round to infinity
      return static_cast<std::uint16_t>(sign | 0x7c00U);
    if (magnitude >= 0x38800000U) // normal: the carry of the rounding may reach the exponent, as it should
      return static_cast<std::uint16_t>(sign | ((magnitude - 0x38000000U + 0xfffU + ((magnitude >> 13) & 1U)) >> 13));
    // Subnormal: adding 0.5 leaves the fraction, rounded by the hardware, in the low bits.
    const auto sum = ::cuda::std::bit_cast<float>(magnitude) + 0.5F;
    return static_cast<std::uint16_t>(sign | (::cuda::std::bit_cast<std::uint32_t>(sum) - 0x3f000000U));
  }
};

struct bfloat16_element {
  std::uint16_t bits = 0;

  bfloat16_element() = default;
  __host__ __device__ explicit bfloat16_element(float x) : bits(from_float(x)) {}

  __host__ __device__ operator float() const { return ::cuda::std::bit_cast<float>(std::uint32_t{bits} << 16); }

private:
  __host__ __device__ static std::uint16_t from_float(float x) {
    const auto all = ::cuda::std::bit_cast<std::uint32_t>(x);
    if ((all & 0x7fffffffU) > 0x7f800000U)
      return static_cast<std::uint16_t>((all >> 16) | 0x40U); // a quiet NaN stays one
    return static_cast<std::uint16_t>((all + 0x7fffU + ((all >> 16) & 1U)) >> 16);
  }
};

struct boolean_element {
  std::uint8_t byte = 0;

  boolean_element() = default;
  __host__ __device__ explicit boolean_element(bool x) : byte(x ? 1 : 0) {}
  __host__ __device__ operator bool() const { return byte != 0; }
};

template <class T>
inline constexpr bool is_half = std::is_same_v<T, float16_element> || std::is_same_v<T, bfloat16_element>;

/// Calls `f(std::type_identity<T>())` with the type of the elements, on the host.
template <class F>
decltype(auto) with_element(metadata::element_type type, F&& f) {
  return metadata::with_type(type, [&]<class T>(std::type_identity<T> same) -> decltype(auto) {
    if constexpr (std::is_same_v<T, metadata::float16_element>)
      return f(std::type_identity<float16_element>());
    else if constexpr (std::is_same_v<T, metadata::bfloat16_element>)
      return f(std::type_identity<bfloat16_element>());
    else if constexpr (std::is_same_v<T, metadata::boolean_element>)
      return f(std::type_identity<boolean_element>());
    else
      return f(same);
  });
}

/// `x` as another type, as `metadata::to_element`.
template <class To, class From>
__host__ __device__ To to_element(From x) {
  if constexpr (std::is_same_v<To, From>)
    return x;
  else if constexpr (is_half<From>)
    return to_element<To>(static_cast<float>(x));
  else if constexpr (std::is_same_v<From, boolean_element>)
    return to_element<To>(static_cast<std::uint8_t>(x ? 1 : 0));
  else if constexpr (std::is_same_v<To, boolean_element>)
    return To(x != From{});
  else if constexpr (is_half<To>)
    return To(static_cast<float>(x));
  else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    constexpr auto lowest = ::cuda::std::numeric_limits<To>::min();
    constexpr auto highest = ::cuda::std::numeric_limits<To>::max();
    // The bounds as From: the largest may be rounded up, so it is excluded.
    if (!(x > static_cast<From>(lowest)))
      return x != x ? To{} : lowest;
    return x >= static_cast<From>(highest) ? highest : static_cast<To>(x);
  } else
    return static_cast<To>(x);
}

} // namespace baton::gpu::cuda
