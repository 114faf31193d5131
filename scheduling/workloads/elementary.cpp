#include "scheduling/workloads/elementary.hpp"

#include <cmath>

namespace baton::scheduling::workloads {

namespace {

// ln 2 in two parts, the first with so few digits that a whole exponent times it is exact.
constexpr double ln2_high = 0x1.62e42fee00000p-1;
constexpr double ln2_low = 0x1.a39ef35793c76p-33;

} // namespace

double natural_log(double x) {
  int exponent = 0;
  double m = std::frexp(x, &exponent); // in [0.5, 1)
  if (m < 0.70710678118654752) {
    m *= 2;
    --exponent;
  }
  // ln m = 2 artanh z = 2 (z + z^3/3 + z^5/5 + ...), |z| < 0.172
  const double z = (m - 1) / (m + 1);
  const double square = z * z;
  double series = 0;
  for (int k = 23; k >= 3; k -= 2)
    series = (series + 1.0 / k) * square;
  return exponent * ln2_high + (2 * z + (2 * z * series + exponent * ln2_low));
}

double exponential_of(double x) {
  if (x < -708)
    return 0;
  const double whole = std::floor(x / 0.69314718055994531 + 0.5);
  const double rest = (x - whole * ln2_high) - whole * ln2_low; // |rest| < 0.35
  double series = 1;
  for (int k = 14; k >= 1; --k)
    series = 1 + series * rest / k;
  return std::ldexp(series, static_cast<int>(whole));
}

double power(double x, double y) {
  return exponential_of(y * natural_log(x));
}

} // namespace baton::scheduling::workloads
