#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace baton::metadata::importer {

class json_step;

/// A whole number that a layer type takes.
struct json_param {
  std::string_view key;
  std::int64_t least = 1;
  std::int64_t most = 1;
  std::optional<std::int64_t> otherwise; ///< where it is left out; nothing: it must not be
};

/// A layer type of the JSON form.
struct json_kind {
  std::string_view type;
  std::vector<json_param> params;
  void (*add)(json_step&); ///< throws `problem`, without the layer's place
};

/// Null if there is no such type.
const json_kind* find_json_kind(std::string_view type);

} // namespace baton::metadata::importer
