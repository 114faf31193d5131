#pragma once

#include <cstdint>
#include <vector>

#include "scheduling/workloads/random_numbers.hpp"

namespace baton::scheduling::workloads {

/// Weights of a Zipf distribution over `n` ranks: 1/rank^exponent, as whole numbers in units of 2^-32 of the first,
/// none below 1. Exponent 0 is uniform. @pre 0 <= exponent <= 10
std::vector<std::uint64_t> zipf_weights(std::size_t n, double exponent);

/// Picks among several by whole weights.
class weighted_choice {
public:
  /// @pre at least one weight is above 0; their sum fits 63 bits
  explicit weighted_choice(const std::vector<std::uint64_t>& weights);
  std::size_t pick(random_numbers& r) const;

private:
  std::vector<std::uint64_t> up_to_; ///< sums of the weights so far
};

} // namespace baton::scheduling::workloads
