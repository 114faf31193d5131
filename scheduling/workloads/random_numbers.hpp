#pragma once

#include <array>
#include <cstdint>

namespace baton::scheduling::workloads {

/// One step of splitmix64: moves `state` on and gives a number. Source: Steele, Lea, Flood, "Fast splittable
/// pseudorandom number generators", OOPSLA 2014.
std::uint64_t splitmix64(std::uint64_t& state);

/// The seed of stream number `stream` among those that `seed` stands for. Streams are independent of each other: a
/// further one leaves the others as they are.
std::uint64_t seed_of(std::uint64_t seed, std::uint64_t stream);

/// xoshiro256**: 64 bits a step, the same on every machine. Source: Blackman, Vigna, "Scrambled linear pseudorandom
/// number generators", ACM TOMS 47(4), 2021.
class random_numbers {
public:
  /// Its state are the first four numbers of splitmix64 from `seed`, as its authors advise.
  explicit random_numbers(std::uint64_t seed);
  explicit random_numbers(const std::array<std::uint64_t, 4>& state) : state_(state) {}

  std::uint64_t next();
  /// Uniform in [0, 1): a multiple of 2^-53.
  double unit();
  /// Uniform in (0, 1].
  double positive_unit() { return 1.0 - unit(); }
  /// Uniform in 0 ... n-1, without bias. @pre n > 0
  std::uint64_t below(std::uint64_t n);

private:
  std::array<std::uint64_t, 4> state_;
};

} // namespace baton::scheduling::workloads
