#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "metadata/model_problems.hpp"

/// Model files of every form.
namespace baton::metadata {

enum class model_form : std::uint8_t { onnx, json };

/// By its name: JSON if that ends with `.json`, else ONNX.
model_form form_of(const std::filesystem::path& file);

/// `import_json` or `import_onnx`, by the file's form.
expected<std::shared_ptr<const model>> import_model(const std::filesystem::path& file, std::string name);

/// `check_json` or `check_onnx`, by the file's form.
checked_model check_model(const std::filesystem::path& file, std::string name);

} // namespace baton::metadata
