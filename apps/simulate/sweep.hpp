#pragma once

#include <string>
#include <vector>

#include "apps/simulate/inputs.hpp"

namespace baton::apps::simulate {

/// One of several values given for an option.
struct swept_value {
  std::string option; ///< cluster, cv or rate
  std::string text;
  double number = 0; ///< not of a cluster
};

/// The values given for what can be swept.
struct swept_values {
  std::vector<double> rates, cvs;
  std::vector<std::string> clusters; ///< files
};
/// Errors: `bad_argument` naming the option.
expected<swept_values> swept_values_of(const input_options& o);

/// Every combination of the values given; one simulation where each option has one value.
struct sweep {
  std::vector<simulation> runs;
  std::vector<std::vector<swept_value>> at; ///< of each run; the same options in all, none with one value

  bool sweeps(const std::string& option) const;
};

/// Reads the files and puts the simulations together. Errors: `bad_argument`, `io`, naming option or file.
expected<sweep> make_sweep(const input_options& o);

} // namespace baton::apps::simulate
