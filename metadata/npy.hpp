#pragma once

#include <filesystem>

#include "metadata/error.hpp"
#include "metadata/tensor.hpp"

namespace baton::metadata {

/// Reads a NumPy `.npy` file, versions 1 to 3, little-endian, C order (Fortran order only where it is the same).
/// `<f4` becomes float32 and `<i8` int64 as they are; `<f8` becomes float32 (rounded), `<i4` and `|u1` int64. Other
/// types are refused, and so are trailing bytes.
/// Errors: `not_found`, `io`, `bad_argument` (not such a file), `out_of_memory`; each names the file.
/// Source: NumPy Enhancement Proposal 1.
expected<tensor> read_npy(const std::filesystem::path& file);

/// Writes version 1, `<f4` or `<i8`, C order. Errors: `io`, naming the file; what was written is then incomplete.
expected<void> write_npy(const std::filesystem::path& file, const tensor& t);

} // namespace baton::metadata
