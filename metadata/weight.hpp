#pragma once

#include "metadata/model.hpp"

namespace baton::metadata {

/// The numbers of a constant whose extents are all known. Errors: `io` if the file cannot be read or has become
/// shorter, `out_of_memory`, `internal` (it is no weight); each names the value.
expected<tensor> read_weight(const value& v);

} // namespace baton::metadata
