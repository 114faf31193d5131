#pragma once

#include <vector>

#include "scheduling/workloads/popularity.hpp"
#include "scheduling/workloads/workload.hpp"

namespace baton::scheduling::workloads {

/// Draws what is asked for among several classes, by their weights.
class request_mix {
public:
  /// @pre check(classes)
  explicit request_mix(std::vector<request_class> classes);
  /// Errors (`bad_argument`): there are none, or all weights are 0 or their sum is too large; rows of 0; a negative
  /// slo.
  static expected<void> check(const std::vector<request_class>& classes);

  arrival ask(time_point at, random_numbers& r) const { return classes_[choice_.pick(r)].ask(at); }

private:
  std::vector<request_class> classes_;
  weighted_choice choice_;
};

} // namespace baton::scheduling::workloads
