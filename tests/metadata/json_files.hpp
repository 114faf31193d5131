#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include "metadata/json_import.hpp"
#include "tests/metadata/temporary_file.hpp"

namespace baton::testing {

/// A file in the JSON form.
inline std::string json_text(const std::string& input_shape, const std::string& layers,
                             const std::string& name = "small") {
  return R"({"name":")" + name + R"(","input_shape":)" + input_shape + R"(,"layers":)" + layers + "}";
}

inline expected<std::shared_ptr<const metadata::model>> import_json_text(const std::string& text) {
  const temporary_file file(".json");
  file.write(text);
  return metadata::import_json(file.path(), "m");
}

inline std::shared_ptr<const metadata::model> json_model(const std::string& input_shape, const std::string& layers,
                                                         const std::string& name = "small") {
  auto m = import_json_text(json_text(input_shape, layers, name));
  if (!m)
    throw std::runtime_error(m.error().message);
  return *m;
}

} // namespace baton::testing
