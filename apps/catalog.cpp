#include "apps/catalog.hpp"

#include <algorithm>
#include <chrono>

#include <spdlog/spdlog.h>

#include "apps/defaults.hpp"
#include "apps/repository.hpp"
#include "metadata/onnx_import.hpp"

namespace baton::apps {

namespace {

/// The shapes to prepare at start. None if a symbol's value cannot be guessed: the first request prepares its own.
std::vector<metadata::symbol_values> warm_shapes(const metadata::model& m, const catalog_options& options) {
  symbol_map known;
  auto is_batch = batch_symbols(m);
  for (std::size_t i = 0; i < m.symbols().size(); ++i) {
    auto it = options.symbols.find(m.symbols()[i]);
    if (it != options.symbols.end())
      known.insert(*it);
    else if (!is_batch[i])
      return {};
  }
  std::vector<metadata::symbol_values> shapes;
  for (auto batch : options.batches) {
    auto values = bind_symbols(m, known, batch, 1);
    if (values && std::find(shapes.begin(), shapes.end(), *values) == shapes.end())
      shapes.push_back(std::move(*values));
  }
  return shapes;
}

expected<std::shared_ptr<const metadata::model>> load(const found_model& found, actors::runtime& into,
                                                      const catalog_options& options) {
  if (!found.problem.empty())
    return fail(errc::bad_model, found.problem);
  auto m = metadata::import_onnx(found.file, found.name);
  if (!m)
    return m;
  if (auto added = into.add_model(*m, warm_shapes(**m, options), defaults::load_timeout); !added)
    return tl::unexpected(added.error());
  return m;
}

} // namespace

expected<catalog> load_catalog(actors::runtime& into, const catalog_options& options) {
  auto found = scan_repository(options.directory);
  if (!found)
    return tl::unexpected(found.error());
  catalog models;
  for (const auto& f : *found) {
    auto begun = std::chrono::steady_clock::now();
    auto& entry = models[f.name];
    entry.version = f.version;
    auto loaded = load(f, into, options);
    auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    if (loaded) {
      entry.what = std::move(*loaded);
      spdlog::info("model '{}' version {} is ready: {} layers, {:.2f} s to load", f.name, f.version,
                   entry.what->layers().size(), took);
    } else {
      entry.problem = loaded.error().message;
      spdlog::error("model '{}' is not served: {}", f.name, entry.problem);
    }
  }
  return models;
}

} // namespace baton::apps
