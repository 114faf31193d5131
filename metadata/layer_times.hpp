#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "metadata/error.hpp"
#include "metadata/ids.hpp"

namespace baton::metadata {

/// One measured run: its layers in order.
struct layer_times {
  std::vector<std::string> names;
  std::vector<duration> times;
};

/// Reads a profile of one model on one device at one number of rows: comma-separated, with a header that has the
/// columns `Op` and `duration` (ns); further columns, as Reg/Trd, Mem and Thread, are passed over.
///
/// Bookkeeping of the framework (rows `__add__`, `__iadd__`, `__mul__`) is no layer: it belongs to the row before, and
/// all of a run of such rows is added to it. Added, not dropped: the device is busy meanwhile, so that a model takes in
/// the emulator what it took in the profile.
///
/// Errors: `bad_argument`, naming line and column: a column is missing, a name empty, a duration not a whole number of
/// ns within `defaults::max_layer_time`, bookkeeping ahead of any layer, no layer at all.
expected<layer_times> parse_layer_times(std::string_view csv);

} // namespace baton::metadata
