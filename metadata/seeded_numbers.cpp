#include "metadata/seeded_numbers.hpp"

#include <cstddef>

namespace baton::metadata {

namespace {

/// The `n`th number of SplitMix64, from 0.
std::uint64_t split_mix(std::uint64_t seed, std::uint64_t n) {
  auto z = seed + (n + 1) * 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31);
}

/// The upper 24 bits as a number in [-2^23, 2^23), which a float holds exactly.
float signed_24(std::uint32_t bits) {
  return static_cast<float>(static_cast<std::int32_t>(bits) >> 8);
}

} // namespace

void fill(const seeded_numbers& how, std::span<float> numbers) {
  const auto step = how.scale * 0x1p-23F;
  const auto pairs = numbers.size() / 2;
  for (std::size_t n = 0; n < pairs; ++n) {
    const auto bits = split_mix(how.seed, n);
    numbers[2 * n] = signed_24(static_cast<std::uint32_t>(bits >> 32)) * step;
    numbers[2 * n + 1] = signed_24(static_cast<std::uint32_t>(bits)) * step;
  }
  if (numbers.size() % 2 == 1)
    numbers.back() = signed_24(static_cast<std::uint32_t>(split_mix(how.seed, pairs) >> 32)) * step;
}

std::uint64_t seed_of(std::string_view name) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const auto c : name)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return hash;
}

} // namespace baton::metadata
