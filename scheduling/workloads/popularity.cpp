#include "scheduling/workloads/popularity.hpp"

#include <algorithm>

#include "scheduling/workloads/elementary.hpp"

namespace baton::scheduling::workloads {

std::vector<std::uint64_t> zipf_weights(std::size_t n, double exponent) {
  std::vector<std::uint64_t> weights;
  weights.reserve(n);
  for (std::size_t rank = 1; rank <= n; ++rank)
    weights.push_back(
        std::max<std::uint64_t>(1, static_cast<std::uint64_t>(0x1p32 * power(static_cast<double>(rank), -exponent))));
  return weights;
}

weighted_choice::weighted_choice(const std::vector<std::uint64_t>& weights) {
  up_to_.reserve(weights.size());
  std::uint64_t sum = 0;
  for (const auto w : weights)
    up_to_.push_back(sum += w);
}

std::size_t weighted_choice::pick(random_numbers& r) const {
  const auto x = r.below(up_to_.back());
  return static_cast<std::size_t>(std::upper_bound(up_to_.begin(), up_to_.end(), x) - up_to_.begin());
}

} // namespace baton::scheduling::workloads
