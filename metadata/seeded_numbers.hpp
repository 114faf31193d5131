#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace baton::metadata {

/// Random numbers in the place of a weight of which only the shape is known. Number `i` follows from the seed and `i`
/// alone, by whole numbers and one exact scaling: the same bits on every machine, whatever is read before.
/// Source: SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014), entered at `i / 2`;
/// its upper half is an even number's, its lower half an odd one's.
struct seeded_numbers {
  enum class distribution : std::uint8_t {
    uniform, ///< in [-scale, scale), 2^24 steps
  };
  distribution spread = distribution::uniform;
  std::uint64_t seed = 0;
  float scale = 1.0F;
};

/// The first `numbers.size()` of them.
void fill(const seeded_numbers& how, std::span<float> numbers);

/// A seed for what has that name. Source: FNV-1a, 64 bits.
std::uint64_t seed_of(std::string_view name);

} // namespace baton::metadata
