#pragma once

#include <stdexcept>
#include <string>

#include "metadata/error.hpp"

namespace baton::metadata::importer {

/// What is wrong with the file. Thrown inside the importer only; `import_onnx` turns it into an `error`.
struct problem : std::runtime_error {
  explicit problem(const std::string& what, errc why = errc::bad_model) : std::runtime_error(what), code(why) {}
  errc code;
};

inline void demand(bool holds, const std::string& otherwise) {
  if (!holds)
    throw problem(otherwise);
}

} // namespace baton::metadata::importer
