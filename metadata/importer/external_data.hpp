#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "metadata/model.hpp"

namespace baton::metadata::importer {

/// The `external_data` of a tensor whose bytes are in a file beside the model's. Source: ONNX, "External Data Files".
class external_data {
public:
  /// One key with its value. Keys that say nothing about where the bytes are do not matter.
  void set(const std::string& key, std::string text);

  /// Where the bytes are, without reading them; `needed` of them if no length is given. Throws `problem` if the file is
  /// missing, outside of `model_file`'s folder (by its name or through links), or too short.
  weight_source find(const std::filesystem::path& model_file, std::uint64_t needed) const;

private:
  std::optional<std::string> location_;
  std::optional<std::string> offset_;
  std::optional<std::string> length_;
};

} // namespace baton::metadata::importer
