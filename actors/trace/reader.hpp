#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "actors/trace/entry.hpp"

namespace baton::actors::trace {

/// A trace as it lies in its file.
struct contents {
  heading names;
  std::map<model_id, model_named> models;
  std::vector<record> records; ///< in the file's order
  std::optional<ended> end;    ///< nothing: the process was killed, or is still at it
  std::size_t lost_bytes = 0;  ///< of an entry that is not all there
};

/// Errors: `bad_argument` naming the byte that makes no sense. An end in the middle of an entry is none.
expected<contents> decode(std::string_view bytes);
/// Errors: `io`, naming the file, and the byte.
expected<contents> read(const std::filesystem::path& file);

} // namespace baton::actors::trace
