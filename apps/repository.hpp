#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "metadata/error.hpp"

namespace baton::apps {

/// One model of a repository on disk.
struct found_model {
  std::string name;
  std::int64_t version = 0;
  std::filesystem::path file;
  std::string problem; ///< why it cannot be loaded; empty: nothing known against it
};

/// Looks through a Triton-style repository, `DIR/name/N/model.onnx`, in the order of names. Of each model the highest
/// numeric version counts. A model folder without any is reported with its problem, hidden folders and plain files are
/// passed over. Errors: `not_found`, `io`.
expected<std::vector<found_model>> scan_repository(const std::filesystem::path& dir);

/// What to call a model given as a file: its folder's name where the file lies in a repository, else the file's stem.
std::string model_name_of(const std::filesystem::path& file);

} // namespace baton::apps
