#pragma once

#include <string>
#include <vector>

#include "metadata/error.hpp"

namespace baton::apps::simulate {

/// The parts of `a,b,c`.
std::vector<std::string> split(const std::string& text, char at);

/// Several numbers of an option: `100,200` or, from, to and step, `100:1000:100`, or both. Errors (`bad_argument`),
/// naming the option: no number, one not within `least` and `most`, a range without end, too many.
expected<std::vector<double>> parse_values(const std::string& option, const std::string& text, double least,
                                           double most);

} // namespace baton::apps::simulate
