#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>

#include "metadata/error.hpp"

namespace baton::metadata {

/// A file open for reading, bytes as they are.
struct sized_file {
  std::ifstream in;
  std::uintmax_t bytes = 0; ///< when it was opened
};

/// Opens a plain file; a pipe, which would block, is an error. Errors: `not_found`, `io`; each begins with the file's
/// name.
expected<sized_file> open_sized(const std::filesystem::path& file);

} // namespace baton::metadata
