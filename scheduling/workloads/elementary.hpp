#pragma once

/// Elementary functions of additions, multiplications and divisions alone, which IEEE 754 rounds the same everywhere;
/// those of the C library differ in their last bits between versions and processors. Within some units of the last
/// place.
namespace baton::scheduling::workloads {

/// @pre x > 0 and finite
double natural_log(double x);
/// 0 where the result is below the least normal number. @pre x <= 709
double exponential_of(double x);
/// @pre x > 0
double power(double x, double y);

} // namespace baton::scheduling::workloads
