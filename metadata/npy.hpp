#pragma once

#include <filesystem>

#include "metadata/error.hpp"
#include "metadata/tensor.hpp"

namespace baton::metadata {

/// Reads a NumPy `.npy` file, versions 1 to 3, little-endian, C order (Fortran order only where it is the same).
/// Every element type as it is in the file (bfloat16 as `V2`). Other types are refused, and so are trailing bytes.
/// Errors: `not_found`, `io`, `bad_argument` (not such a file), `out_of_memory`; each names the file.
/// Source: NumPy Enhancement Proposal 1.
expected<tensor> read_npy(const std::filesystem::path& file);

/// Writes version 1, C order, any element type. Errors: `io`, naming the file; what was written is then incomplete.
expected<void> write_npy(const std::filesystem::path& file, const tensor& t);

} // namespace baton::metadata
