#include "scheduling/workloads/interval_law.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "scheduling/defaults.hpp"
#include "scheduling/workloads/distributions.hpp"

namespace baton::scheduling::workloads {

namespace {

duration rounded(double ns) {
  return duration{static_cast<std::int64_t>(std::floor(std::min(ns, 0x1p62) + 0.5))};
}

} // namespace

duration interval_law::draw(random_numbers& r) const {
  const auto ns = static_cast<double>(mean.count());
  switch (kind) {
  case shape::fixed: return mean;
  case shape::uniform: return rounded(ns * (2 * r.unit()));
  case shape::exponential: return rounded(ns * sample_exponential(r));
  case shape::gamma: break;
  }
  const double variance = cv * cv;
  return rounded(ns * (sample_gamma(r, 1 / variance) * variance));
}

expected<void> interval_law::check() const {
  if (mean < duration::zero() || mean > defaults::longest_interval)
    return fail(errc::bad_argument, "the mean interval must be from 0 to a year");
  if (kind == shape::gamma && !(cv >= defaults::least_cv && cv <= defaults::most_cv))
    return fail(errc::bad_argument, "the coefficient of variation must be from 0.01 to 100");
  return {};
}

duration interval_of(double per_second) {
  return rounded(1e9 / per_second);
}

} // namespace baton::scheduling::workloads
