#pragma once

#include <cstddef>

/// Vectors of floats, in code that is compiled for each kind of processor and chosen when it runs.
namespace baton::gpu::cpu {

template <std::size_t Lanes>
struct vector {
  using type [[gnu::vector_size(Lanes * sizeof(float))]] = float;
  using in_memory [[gnu::aligned(sizeof(float)), gnu::may_alias]] = type;

  // By reference: a vector by value would go by another convention of calls where the compiler may not use it.
  [[gnu::always_inline]] static const in_memory& at(const float* p) { return *reinterpret_cast<const in_memory*>(p); }
  [[gnu::always_inline]] static in_memory& at(float* p) { return *reinterpret_cast<in_memory*>(p); }
};

#if defined(__x86_64__)
#define BATON_AVX2 [[gnu::target("avx2,fma")]]
#define BATON_AVX512 [[gnu::target("avx512f,avx512dq,avx512bw,avx512vl,fma,prefer-vector-width=512")]]
#else
#define BATON_AVX2
#define BATON_AVX512
#endif

/// Floats in the widest vectors that the processor has: 16 with AVX-512, 8 with AVX2 and FMA, else 4.
inline std::size_t widest_vector() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
    return 16;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return 8;
#endif
  return 4;
}

/// One function for each width of vectors.
template <class F>
struct for_each_width {
  F any;    ///< 4
  F avx2;   ///< 8
  F avx512; ///< 16

  F of(std::size_t lanes) const { return lanes == 16 ? avx512 : lanes == 8 ? avx2 : any; }
};

} // namespace baton::gpu::cpu
