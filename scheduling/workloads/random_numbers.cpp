#include "scheduling/workloads/random_numbers.hpp"

#include <bit>

namespace baton::scheduling::workloads {

std::uint64_t splitmix64(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15;
  auto z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

std::uint64_t seed_of(std::uint64_t seed, std::uint64_t stream) {
  auto state = seed;
  auto mixed = splitmix64(state) ^ stream;
  return splitmix64(mixed);
}

random_numbers::random_numbers(std::uint64_t seed) : state_{} {
  for (auto& word : state_)
    word = splitmix64(seed);
}

std::uint64_t random_numbers::next() {
  const auto result = std::rotl(state_[1] * 5, 7) * 9;
  const auto shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

double random_numbers::unit() {
  return static_cast<double>(next() >> 11) * 0x1p-53;
}

std::uint64_t random_numbers::below(std::uint64_t n) {
  const auto unfair = (0 - n) % n; // of 2^64 numbers, so many are over when shared out evenly
  for (;;)
    if (const auto x = next(); x >= unfair)
      return x % n;
}

} // namespace baton::scheduling::workloads
