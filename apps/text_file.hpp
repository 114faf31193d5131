#pragma once

#include <filesystem>
#include <string>

#include "metadata/error.hpp"

namespace baton::apps {

/// All of a plain file. Errors: `not_found`, `io`; each begins with its name.
expected<std::string> read_text_file(const std::filesystem::path& file);

/// Writes all of a file, through a neighbour that takes its name at the end. Errors: `io`, beginning with its name.
expected<void> write_text_file(const std::filesystem::path& file, const std::string& text);

} // namespace baton::apps
