#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "metadata/error.hpp"

namespace baton::metadata::importer {

/// What is wrong with the file. Thrown inside the importer only; `import_file` turns it into an `error`.
struct problem : std::runtime_error {
  explicit problem(const std::string& what, errc why = errc::bad_model, std::string of_kind = {})
      : std::runtime_error(what), code(why), kind(std::move(of_kind)) {}
  errc code;
  std::string kind; ///< if not empty: problems of this kind need to be told only once, and how often there are such
};

inline void demand(bool holds, const std::string& otherwise) {
  if (!holds)
    throw problem(otherwise);
}

} // namespace baton::metadata::importer
