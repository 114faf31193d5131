#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "gpu/failure.hpp"

/// Kernels that only move elements know no types: they move words, the widest that fit.
namespace baton::gpu::cuda {

/// As much as a thread loads at once.
struct alignas(16) widest_word {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};

/// The size of the widest word of which all of `bytes` are multiples.
template <class... Bytes>
std::int64_t word_of(Bytes... bytes) {
  std::int64_t size = sizeof(widest_word);
  while (((static_cast<std::int64_t>(bytes) % size != 0) || ...))
    size /= 2;
  return size;
}

/// Calls `f(std::type_identity<Word>())`.
template <class F>
void with_word(std::int64_t size, F&& f) {
  switch (size) {
  case 1: return f(std::type_identity<std::uint8_t>());
  case 2: return f(std::type_identity<std::uint16_t>());
  case 4: return f(std::type_identity<std::uint32_t>());
  case 8: return f(std::type_identity<std::uint64_t>());
  case sizeof(widest_word): return f(std::type_identity<widest_word>());
  default: raise(errc::internal, "there are no words of that many bytes");
  }
}

} // namespace baton::gpu::cuda
