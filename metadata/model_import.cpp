#include "metadata/model_import.hpp"

#include <utility>

#include "metadata/json_import.hpp"
#include "metadata/onnx_import.hpp"

namespace baton::metadata {

model_form form_of(const std::filesystem::path& file) {
  return file.extension() == ".json" ? model_form::json : model_form::onnx;
}

expected<std::shared_ptr<const model>> import_model(const std::filesystem::path& file, std::string name) {
  const auto json = form_of(file) == model_form::json;
  return json ? import_json(file, std::move(name)) : import_onnx(file, std::move(name));
}

checked_model check_model(const std::filesystem::path& file, std::string name) {
  const auto json = form_of(file) == model_form::json;
  return json ? check_json(file, std::move(name)) : check_onnx(file, std::move(name));
}

} // namespace baton::metadata
