#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "metadata/importer/collector.hpp"
#include "metadata/importer/json_kinds.hpp"

namespace baton::metadata::importer {

/// One layer of the list, each of its numbers within its bounds.
struct json_layer {
  const json_kind* kind = nullptr; ///< null: the layer has a problem
  std::map<std::string_view, std::int64_t> numbers;
};

/// What the importer needs of a file in the JSON form.
struct json_file {
  std::string name;
  std::vector<std::int64_t> input_shape; ///< empty: it has a problem
  std::vector<json_layer> layers;
};

/// Reads all of the file, which is bounded. Problems, each naming the file and where in it, are noted. Throws `problem`
/// if it is no JSON object.
json_file read_json(const std::filesystem::path& file, collector& problems);

/// `FILE: layer 3 (conv): `
std::string who(const std::filesystem::path& file, std::size_t layer, std::string_view type);

} // namespace baton::metadata::importer
