#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "metadata/error.hpp"

namespace baton::apps {

/// Names of classes, one a line in the order of the classes, as UTF-8; empty lines at the end do not count.
/// Errors: `not_found`, `io`, `bad_argument` (larger than `defaults::labels_bytes`, more than `defaults::labels` lines,
/// control characters); each names the file.
expected<std::vector<std::string>> read_labels(const std::filesystem::path& file);

/// The `labels.txt` that lies beside a model's file, or else in the folder above if the model lies in a version folder
/// of a repository.
std::optional<std::filesystem::path> find_labels(const std::filesystem::path& model_file);

} // namespace baton::apps
