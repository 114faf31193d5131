#include "scheduling/workloads/distributions.hpp"

#include <cmath>

#include "scheduling/workloads/elementary.hpp"

namespace baton::scheduling::workloads {

double sample_exponential(random_numbers& r) {
  return -natural_log(r.positive_unit());
}

double sample_normal(random_numbers& r) {
  for (;;) {
    const double x = 2 * r.unit() - 1;
    const double y = 2 * r.unit() - 1;
    const double square = x * x + y * y;
    if (square > 0 && square < 1)
      return x * std::sqrt(-2 * natural_log(square) / square);
  }
}

double sample_gamma(random_numbers& r, double shape) {
  if (shape < 1) {
    const double larger = sample_gamma(r, shape + 1);
    return larger * power(r.positive_unit(), 1 / shape);
  }
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = sample_normal(r);
    const double root = 1 + c * x;
    if (root <= 0)
      continue;
    const double v = root * root * root;
    const double u = r.positive_unit();
    if (natural_log(u) < 0.5 * x * x + d - d * v + d * natural_log(v))
      return d * v;
  }
}

} // namespace baton::scheduling::workloads
