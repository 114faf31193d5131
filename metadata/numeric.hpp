#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include "metadata/half.hpp"
#include "metadata/tensor.hpp"

/// The elements of every type as C++ values.
namespace baton::metadata {

/// Two bytes that count as a float32.
template <float (*From)(std::uint16_t), std::uint16_t (*To)(float)>
struct half_element {
  std::uint16_t bits = 0;

  half_element() = default;
  explicit half_element(float x) : bits(To(x)) {}
  operator float() const { return From(bits); }
};
using float16_element = half_element<from_float16, to_float16>;
using bfloat16_element = half_element<from_bfloat16, to_bfloat16>;

/// A byte that is 0 or 1; any other, as a file may hold, counts as 1.
struct boolean_element {
  std::uint8_t byte = 0;

  boolean_element() = default;
  explicit boolean_element(bool x) : byte(x ? 1 : 0) {}
  operator bool() const { return byte != 0; }
};

template <class T>
inline constexpr bool is_half = std::is_same_v<T, float16_element> || std::is_same_v<T, bfloat16_element>;

/// Calls `f(std::type_identity<T>())` with the C++ type of the elements.
template <class F>
decltype(auto) with_type(element_type type, F&& f) {
  switch (type) {
  case element_type::boolean: return f(std::type_identity<boolean_element>());
  case element_type::int8: return f(std::type_identity<std::int8_t>());
  case element_type::int16: return f(std::type_identity<std::int16_t>());
  case element_type::int32: return f(std::type_identity<std::int32_t>());
  case element_type::int64: return f(std::type_identity<std::int64_t>());
  case element_type::uint8: return f(std::type_identity<std::uint8_t>());
  case element_type::uint16: return f(std::type_identity<std::uint16_t>());
  case element_type::uint32: return f(std::type_identity<std::uint32_t>());
  case element_type::uint64: return f(std::type_identity<std::uint64_t>());
  case element_type::float16: return f(std::type_identity<float16_element>());
  case element_type::bfloat16: return f(std::type_identity<bfloat16_element>());
  case element_type::float64: return f(std::type_identity<double>());
  case element_type::float32: break;
  }
  return f(std::type_identity<float>());
}

/// `x` as another type; see `cast_layer` for what happens to what does not fit.
template <class To, class From>
To to_element(From x) {
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
    using limits = std::numeric_limits<To>;
    // The bounds as From: the largest may be rounded up, so it is excluded.
    if (!(x > static_cast<From>(limits::min())))
      return std::isnan(x) ? To{} : limits::min();
    return x >= static_cast<From>(limits::max()) ? limits::max() : static_cast<To>(x);
  } else
    return static_cast<To>(x);
}

/// `count` elements of one type as another.
void convert(element_type from, const std::byte* source, element_type to, std::byte* target, std::size_t count);

/// The same numbers as another type; `t` itself if it is of that type. Throws std::bad_alloc.
tensor converted(const tensor& t, element_type to);

} // namespace baton::metadata
