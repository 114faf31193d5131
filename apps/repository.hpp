#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "apps/model_config.hpp"
#include "metadata/error.hpp"

namespace baton::apps {

struct found_version {
  std::int64_t number = 0;
  std::filesystem::path file;
  std::filesystem::path rival; ///< the file of the other form, which must not be there; empty: the file was named
  std::string problem;         ///< why it cannot be loaded; empty: nothing known against it
};

/// One model of a repository on disk.
struct found_model {
  std::string name;
  std::filesystem::path folder;
  std::string config_text;             ///< as in the file; empty: there is none
  model_config config;                 ///< the defaults, if there is none
  std::vector<found_version> versions; ///< those that its version policy chooses, ascending
  std::string problem;                 ///< why no version can be loaded; empty: nothing known against it
};

/// Looks through a Triton-style repository, `DIR/name/N/model.onnx` or `model.json` with an optional
/// `DIR/name/config.pbtxt`, in the order of names. Hidden folders and plain files are passed over; what cannot be read,
/// is no model, or is configured in a way that makes no sense is reported with its problem. Errors: `not_found`, `io`.
expected<std::vector<found_model>> scan_repository(const std::filesystem::path& dir);

/// One model of it. Errors: `not_found`, also for a name that cannot be a folder's.
expected<found_model> scan_model(const std::filesystem::path& dir, const std::string& name);

/// What to call a model given as a file: its folder's name where the file lies in a repository, else the file's stem.
std::string model_name_of(const std::filesystem::path& file);

} // namespace baton::apps
