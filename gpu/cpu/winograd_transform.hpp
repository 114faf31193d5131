#pragma once

#include <array>
#include <cstddef>

/// Winograd's transforms along one axis: of polynomials by their values at some points. Source: A. Lavin and S. Gray,
/// arXiv:1509.09308, section 4.1; S. Winograd, Arithmetic Complexity of Computations, 1980.
namespace baton::gpu::cpu {

/// `Tile` results of three taps.
template <std::size_t Tile>
struct winograd_transform;

/// At 0, 1, -1 and infinity.
template <>
struct winograd_transform<2> {
  template <class V>
  [[gnu::always_inline]] static void source(V (&d)[4]) {
    const V first = d[0] - d[2];
    const V last = d[1] - d[3];
    const V sum = d[1] + d[2];
    const V difference = d[2] - d[1];
    d[0] = first;
    d[1] = sum;
    d[2] = difference;
    d[3] = last;
  }

  template <class V>
  [[gnu::always_inline]] static void result(V (&m)[4]) {
    const V first = m[0] + (m[1] + m[2]);
    const V second = (m[1] - m[2]) - m[3];
    m[0] = first;
    m[1] = second;
  }

  static std::array<double, 4> weights(double a, double b, double c) {
    return {a, (a + b + c) / 2, (a - b + c) / 2, c};
  }
};

/// At 0, 5/8, -5/8, 3/2, -3/2 and infinity: the error is half of that with 1 and 2, and all constants are exact.
template <>
struct winograd_transform<4> {
  static constexpr float p = 0.625F;
  static constexpr float q = 1.5F;
  static constexpr float p2 = p * p;
  static constexpr float q2 = q * q;

  template <class V>
  [[gnu::always_inline]] static void source(V (&d)[6]) {
    const V first = p2 * q2 * d[0] - (p2 + q2) * d[2] + d[4];
    const V last = p2 * q2 * d[1] - (p2 + q2) * d[3] + d[5];
    const V even_p = d[4] - q2 * d[2];
    const V odd_p = p * (d[3] - q2 * d[1]);
    const V even_q = d[4] - p2 * d[2];
    const V odd_q = q * (d[3] - p2 * d[1]);
    d[0] = first;
    d[1] = even_p + odd_p;
    d[2] = even_p - odd_p;
    d[3] = even_q + odd_q;
    d[4] = even_q - odd_q;
    d[5] = last;
  }

  template <class V>
  [[gnu::always_inline]] static void result(V (&m)[6]) {
    const V sum_p = m[1] + m[2];
    const V odd_p = p * (m[1] - m[2]);
    const V sum_q = m[3] + m[4];
    const V odd_q = q * (m[3] - m[4]);
    m[0] = m[0] + (sum_p + sum_q);
    m[1] = odd_p + odd_q;
    m[2] = p2 * sum_p + q2 * sum_q;
    m[3] = p2 * odd_p + (q2 * odd_q + m[5]);
  }

  static std::array<double, 6> weights(double a, double b, double c) {
    const auto at = [&](double x, double other) {
      return (a + b * x + c * x * x) / (2 * x * x * (x * x - other * other));
    };
    return {a / (double{p2} * q2), at(p, q), at(-p, q), at(q, p), at(-q, p), c};
  }
};

} // namespace baton::gpu::cpu
