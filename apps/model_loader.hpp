#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "actors/runtime.hpp"
#include "apps/repository.hpp"
#include "apps/symbols.hpp"

namespace baton::apps {

/// A version of a model that is ready. Immutable; who holds it may ask for it until it is unloaded, and then gets
/// `not_found` from the runtime.
struct served_model {
  std::string name;
  std::int64_t version = 0;
  metadata::model_id id;
  std::shared_ptr<const metadata::model> what;
  model_config config;                          ///< with the name of its file, whether that was said or found
  std::vector<std::vector<std::string>> labels; ///< per output of the model; empty: it has none

  /// Triton's word for what the file is: "baton_onnx", "baton_json".
  std::string platform() const;
  /// Whether a request keeps to the model's configuration; the runtime checks the rest. Errors: `bad_request`.
  expected<void> check(const std::vector<metadata::tensor>& inputs) const {
    return check_request(config, *what, inputs);
  }
};
using served = std::shared_ptr<const served_model>;

struct load_options {
  std::filesystem::path directory;
  std::vector<std::int64_t> batches{1}; ///< shapes prepared before a model is ready
  symbol_map symbols;                   ///< for models whose other symbols are all named here
};

/// What the files of a version were like when it was loaded.
struct load_traces {
  struct file {
    std::filesystem::path path;
    std::uintmax_t bytes = 0;
    std::filesystem::file_time_type written;
    friend bool operator==(const file&, const file&) = default;
  };
  std::vector<file> files;

  void add(const std::filesystem::path& path);
  /// None of them has changed since.
  bool current() const;
};

/// Imports the version, holds it against its configuration and puts it into the runtime. Blocks until it is ready.
/// `traces` gets the files it is made of, also on failure. Errors: those of import, `check_model` and
/// `runtime::add_model`.
expected<served> load_model(actors::runtime& into, const load_options& options, const found_model& found,
                            const found_version& version, load_traces& traces);

} // namespace baton::apps
