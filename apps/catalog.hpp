#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "actors/runtime.hpp"
#include "apps/symbols.hpp"
#include "metadata/model.hpp"

namespace baton::apps {

/// A model of the repository as the server knows it.
struct served_model {
  std::int64_t version = 0;
  std::shared_ptr<const metadata::model> what; ///< null if it is not ready
  std::string problem;                         ///< why not
  /// Names for the indices of an output, by place in the model's outputs; may be shorter, or empty where there are
  /// none.
  std::vector<std::vector<std::string>> labels;
};

/// The models being served, by name. Unchanged after loading.
using catalog = std::map<std::string, served_model, std::less<>>;

struct catalog_options {
  std::filesystem::path directory;
  std::vector<std::int64_t> batches{1}; ///< shapes prepared at start
  symbol_map symbols;                   ///< for models whose other symbols are all named here
};

/// Loads every model of a repository into the runtime. One that cannot be loaded is logged with its reason and is not
/// ready; it harms no other. Errors: `not_found`, `io` for the repository as a whole.
expected<catalog> load_catalog(actors::runtime& into, const catalog_options& options);

} // namespace baton::apps
