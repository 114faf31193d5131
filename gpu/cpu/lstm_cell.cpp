#include "gpu/cpu/lstm_cell.hpp"

#include <bit>
#include <cstdint>

namespace baton::gpu::cpu {
namespace {

/// Below 88 in magnitude; no branches, so that the compiler makes vectors of it.
[[gnu::always_inline]] inline float exponential(float x) {
  constexpr float log2_of_e = 1.44269504088896341F;
  constexpr float to_nearest = 12582912.0F; // 1.5 * 2^23: adding it rounds to a whole number
  constexpr float ln2_high = 0.693359375F;
  constexpr float ln2_low = -2.12194440e-4F;
  const float shifted = x * log2_of_e + to_nearest; // its lowest bits are that number
  const float n = shifted - to_nearest;
  const float r = x - n * ln2_high - n * ln2_low;
  float y = 1.9875691500e-4F;
  y = y * r + 1.3981999507e-3F;
  y = y * r + 8.3334519073e-3F;
  y = y * r + 4.1665795894e-2F;
  y = y * r + 1.6666665459e-1F;
  y = y * r + 5.0000001201e-1F;
  y = y * r * r + r + 1.0F;
  constexpr std::uint32_t bias = 127;
  const auto exponent = std::bit_cast<std::uint32_t>(shifted) - std::bit_cast<std::uint32_t>(to_nearest) + bias;
  return y * std::bit_cast<float>(exponent << 23);
}

[[gnu::always_inline]] inline float bounded(float x, float most) {
  const float low = x < -most ? -most : x; // a NaN stays one
  return low > most ? most : low;
}

[[gnu::always_inline]] inline float sigmoid(float x) {
  return 1.0F / (1.0F + exponential(-bounded(x, 87.0F)));
}

[[gnu::always_inline]] inline float hyperbolic_tangent(float x) {
  const float size = x < 0.0F ? -x : x;
  const float z = x * x;
  float near = -5.70498872745e-3F;
  near = near * z + 2.06390887954e-2F;
  near = near * z - 5.37397155531e-2F;
  near = near * z + 1.33314422036e-1F;
  near = near * z - 3.33332819422e-1F;
  near = near * z * x + x;
  const float far = 1.0F - 2.0F / (exponential(2.0F * bounded(size, 40.0F)) + 1.0F);
  return size < 0.625F ? near : (x < 0.0F ? -far : far);
}

[[gnu::always_inline]] inline void run_rows(const lstm_cell& cell) {
  const auto hidden = cell.hidden;
  for (std::size_t row = 0; row < cell.rows; ++row) {
    const float* __restrict in = cell.gates + row * 4 * hidden;
    const float* __restrict forget = in + hidden;
    const float* __restrict out = in + 2 * hidden;
    const float* __restrict candidate = in + 3 * hidden;
    const float* __restrict before = cell.before + row * hidden;
    float* __restrict after = cell.after + row * hidden;
    float* __restrict state = cell.state + row * hidden;
    float* __restrict result = cell.result + row * hidden;
#pragma omp simd
    for (std::size_t j = 0; j < hidden; ++j) {
      const float c = sigmoid(forget[j]) * before[j] + sigmoid(in[j]) * hyperbolic_tangent(candidate[j]);
      const float h = sigmoid(out[j]) * hyperbolic_tangent(c);
      after[j] = c;
      state[j] = h;
      result[j] = h;
    }
  }
}

void run_any(const lstm_cell& cell) {
  run_rows(cell);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void run_avx2(const lstm_cell& cell) {
  run_rows(cell);
}

[[gnu::target("avx512f,avx512dq,avx512bw,avx512vl,prefer-vector-width=512")]] void run_avx512(const lstm_cell& cell) {
  run_rows(cell);
}

auto widest() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
    return run_avx512;
  return __builtin_cpu_supports("avx2") ? run_avx2 : run_any;
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
