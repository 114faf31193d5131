#pragma once

#include "scheduling/workloads/random_numbers.hpp"

/// Samples. The same seed gives the same ones on every machine.
namespace baton::scheduling::workloads {

/// Of mean 1, by inversion.
double sample_exponential(random_numbers& r);
/// Of mean 0 and variance 1. Source: Marsaglia, Bray, "A convenient method for generating normal variables", SIAM
/// Review 6(3), 1964 (the polar method; the second number of each pair is not used).
double sample_normal(random_numbers& r);
/// Of mean `shape` (scale 1). Source: Marsaglia, Tsang, "A simple method for generating gamma variables", ACM TOMS
/// 26(3), 2000; shapes below 1 as there in section 6. @pre shape > 0
double sample_gamma(random_numbers& r, double shape);

} // namespace baton::scheduling::workloads
