#pragma once

#include <cstdint>

#include "metadata/error.hpp"
#include "metadata/ids.hpp"
#include "scheduling/workloads/random_numbers.hpp"

namespace baton::scheduling::workloads {

using metadata::duration;
using metadata::never;
using metadata::time_point;

/// How long until the next: of arrivals, or what a client thinks.
struct interval_law {
  enum class shape : std::uint8_t {
    fixed,       ///< always the mean
    uniform,     ///< between 0 and twice the mean
    exponential, ///< a Poisson process
    gamma,       ///< of the coefficient of variation `cv`: gamma with shape 1/cv^2; 1 is exponential, more is bursty
  };
  shape kind = shape::exponential;
  duration mean{};
  double cv = 1; ///< standard deviation over mean, of gamma only

  /// In whole nanoseconds, rounded to the nearest; at most 2^62.
  duration draw(random_numbers& r) const;
  /// Errors (`bad_argument`): the mean is below 0 or above a year; cv is not within 0.01 and 100.
  expected<void> check() const;
};

/// The mean interval of so many per second; rounded to whole nanoseconds. @pre per_second > 0
duration interval_of(double per_second);

} // namespace baton::scheduling::workloads
