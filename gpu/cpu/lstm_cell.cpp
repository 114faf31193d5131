#include "gpu/cpu/lstm_cell.hpp"

#include <bit>
#include <cstdint>

namespace baton::gpu::cpu {
namespace {

/// a * b + c, as one instruction where there is one: the compiler must not choose, or a unit would get other bits in a
/// loop's rest.
template <bool Fused>
[[gnu::always_inline]] inline float sum(float a, float b, float c) {
  return Fused ? __builtin_fmaf(a, b, c) : a * b + c;
}

/// coefficients[0] + coefficients[1] * x + ...
template <bool Fused, std::size_t N>
[[gnu::always_inline]] inline float polynomial(const float (&coefficients)[N], float x) {
  float y = coefficients[N - 1];
#pragma GCC unroll 16
  for (std::size_t i = N - 1; i > 0; --i)
    y = sum<Fused>(y, x, coefficients[i - 1]);
  return y;
}

[[gnu::always_inline]] inline float bounded(float x, float most) {
  const float low = x < -most ? -most : x; // a NaN stays one
  return low > most ? most : low;
}

/// Of x below 88 in magnitude; no branches, so that the compiler makes vectors of it.
template <bool Fused>
[[gnu::always_inline]] inline float exponential(float x) {
  constexpr float log2_of_e = 1.44269504088896341F;
  constexpr float to_nearest = 12582912.0F; // 1.5 * 2^23: adding it rounds to a whole number
  constexpr float ln2_high = 0.693359375F;
  constexpr float ln2_low = -2.12194440e-4F;
  const float shifted = sum<Fused>(x, log2_of_e, to_nearest); // its lowest bits are that number
  const float n = shifted - to_nearest;
  const float r = sum<Fused>(n, -ln2_low, sum<Fused>(n, -ln2_high, x));
  constexpr float behind[]{5.0000001201e-1F, 1.6666665459e-1F, 4.1665795894e-2F,
                           8.3334519073e-3F, 1.3981999507e-3F, 1.9875691500e-4F};
  const float y = sum<Fused>(polynomial<Fused>(behind, r) * r, r, r + 1.0F);
  constexpr std::uint32_t bias = 127;
  const auto exponent = std::bit_cast<std::uint32_t>(shifted) - std::bit_cast<std::uint32_t>(to_nearest) + bias;
  return y * std::bit_cast<float>(exponent << 23);
}

/// What 1 is divided by for sigmoid(x).
template <bool Fused>
[[gnu::always_inline]] inline float under_sigmoid(float x) {
  return 1.0F + exponential<Fused>(-bounded(x, 87.0F));
}

/// Not divided yet: a division costs as much as a polynomial.
struct ratio {
  float over;
  float under;
};

/// tanh(x), as a ratio of polynomials: relative error 2.1e-8 up to 9 (fitted by weighted least squares), from where on
/// it is 1.
template <bool Fused>
[[gnu::always_inline]] inline ratio hyperbolic_tangent(float x) {
  constexpr float over[]{0.9999999794720654F, 0.13381018919900392F, 3.4955801428358897e-3F, 2.0608952416740316e-5F,
                         1.3354487261050199e-8F};
  constexpr float under[]{1.0F, 0.46714334517550055F, 2.5876951813078964e-2F, 3.285621804188536e-4F,
                          7.776485626903581e-7F};
  const float within = bounded(x, 9.0F);
  const float square = within * within;
  return {within * polynomial<Fused>(over, square), polynomial<Fused>(under, square)};
}

/// The units of one panel.
template <bool Fused>
[[gnu::always_inline]] inline void run_units(const float* __restrict gates, const float* __restrict before,
                                             float* __restrict after, float* __restrict state, float* __restrict result,
                                             std::size_t units) {
#pragma omp simd
  for (std::size_t j = 0; j < units; ++j) {
    const float in = under_sigmoid<Fused>(gates[j]);
    const float forget = under_sigmoid<Fused>(gates[j + lstm_units]);
    const float out = under_sigmoid<Fused>(gates[j + 2 * lstm_units]);
    const auto candidate = hyperbolic_tangent<Fused>(gates[j + 3 * lstm_units]);
    const float c = before[j] / forget + candidate.over / (in * candidate.under);
    const auto shown = hyperbolic_tangent<Fused>(c);
    const float h = shown.over / (out * shown.under);
    after[j] = c;
    state[j] = h;
    result[j] = h;
  }
}

template <bool Fused>
[[gnu::always_inline]] inline void run_rows(const lstm_cell& cell) {
  for (std::size_t row = 0; row < cell.rows; ++row)
    for (auto panel = cell.first_panel; panel < cell.end_panel; ++panel) {
      const auto unit = panel * lstm_units;
      const auto at = row * cell.hidden + unit;
      const float* gates = cell.gates + row * cell.gates_step + 4 * unit;
      const auto run = [&](std::size_t units) __attribute__((always_inline)) {
        run_units<Fused>(gates, cell.before + at, cell.after + at, cell.state + at, cell.result + at, units);
      };
      if (unit + lstm_units <= cell.hidden)
        run(lstm_units); // a constant: one vector, no loop
      else
        run(cell.hidden - unit);
    }
}

void run_any(const lstm_cell& cell) {
  run_rows<false>(cell);
}

#if defined(__x86_64__)
[[gnu::target("avx2,fma")]] void run_avx2(const lstm_cell& cell) {
  run_rows<true>(cell);
}

[[gnu::target("avx512f,avx512dq,avx512bw,avx512vl,fma,prefer-vector-width=512")]] void
run_avx512(const lstm_cell& cell) {
  run_rows<true>(cell);
}

auto widest() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
    return run_avx512;
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? run_avx2 : run_any;
}
#else
auto widest() {
  return run_any;
}
#endif

} // namespace

void run(const lstm_cell& cell) {
  static const auto chosen = widest();
  chosen(cell);
}

} // namespace baton::gpu::cpu
