#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "metadata/model.hpp"

namespace baton::apps {

/// `S=16` pairs of the command line, by name.
using symbol_map = std::map<std::string, std::int64_t>;
/// Errors: `bad_argument` naming the pair.
expected<symbol_map> parse_symbols(const std::vector<std::string>& pairs);

/// Values for all symbols: those named, `batch` for batch symbols, `other` for the rest.
/// Errors: `bad_argument` for a name that is no symbol of the model.
expected<metadata::symbol_values> bind_symbols(const metadata::model& m, const symbol_map& named, std::int64_t batch,
                                               std::int64_t other);

/// A shape with its symbols' names: "[N,3,224,224]".
std::string shape_text(const metadata::model& m, const metadata::dims& shape);

} // namespace baton::apps
