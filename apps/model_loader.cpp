#include "apps/model_loader.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "apps/defaults.hpp"
#include "apps/labels.hpp"
#include "metadata/batch_symbols.hpp"
#include "metadata/model_import.hpp"

namespace baton::apps {

namespace fs = std::filesystem;

namespace {

/// The shapes to prepare. Of a symbol whose value cannot be guessed none: the first request prepares its own.
expected<std::vector<metadata::symbol_values>> warm_shapes(const metadata::model& m, const model_config& config,
                                                           const load_options& options) {
  auto shapes = warmup_shapes(config, m);
  if (!shapes)
    return shapes;
  symbol_map known;
  auto is_batch = batch_symbols(m);
  for (std::size_t i = 0; i < m.symbols().size(); ++i) {
    auto it = options.symbols.find(m.symbols()[i]);
    if (it != options.symbols.end())
      known.insert(*it);
    else if (!is_batch[i])
      return shapes;
  }
  for (auto batch : options.batches) {
    auto values = bind_symbols(m, known, config.max_batch ? std::min(batch, *config.max_batch) : batch, 1);
    if (values && std::find(shapes->begin(), shapes->end(), *values) == shapes->end())
      shapes->push_back(std::move(*values));
  }
  return shapes;
}

expected<std::vector<std::vector<std::string>>> labels_of(const found_model& found, const metadata::model& m) {
  std::vector<std::vector<std::string>> all(m.outputs().size());
  for (const auto& o : found.config.outputs) {
    if (o.label_file.empty())
      continue;
    auto file = found.folder / o.label_file;
    std::error_code problem;
    if (!fs::is_regular_file(file, problem))
      return fail(errc::bad_model, fmt::format("label file '{}' of output '{}' is not there", file.string(), o.name));
    auto labels = read_labels(file);
    if (!labels)
      return tl::unexpected(labels.error());
    for (std::size_t i = 0; i < all.size(); ++i)
      if (m.values()[m.outputs()[i]].name == o.name)
        all[i] = *labels;
  }
  return all;
}

load_traces::file look_at(const fs::path& path) {
  std::error_code problem;
  load_traces::file f{path, fs::file_size(path, problem), {}};
  f.written = fs::last_write_time(path, problem);
  return f;
}

} // namespace

std::string served_model::platform() const {
  return metadata::form_of(config.file) == metadata::model_form::json ? "baton_json" : "baton_onnx";
}

void load_traces::add(const fs::path& path) {
  auto same = [&](const file& f) { return f.path == path; };
  if (!path.empty() && std::none_of(files.begin(), files.end(), same))
    files.push_back(look_at(path));
}

bool load_traces::current() const {
  return std::all_of(files.begin(), files.end(), [](const file& f) { return f == look_at(f.path); });
}

expected<served> load_model(actors::runtime& into, const load_options& options, const found_model& found,
                            const found_version& version, load_traces& traces) {
  traces.add(version.file);
  traces.add(version.rival);
  for (const auto& o : found.config.outputs)
    if (!o.label_file.empty())
      traces.add(found.folder / o.label_file);
  if (!version.problem.empty())
    return fail(errc::bad_model, version.problem);
  auto m = metadata::import_model(version.file, found.name);
  if (!m)
    return tl::unexpected(m.error());
  for (const auto& v : (*m)->values())
    traces.add(v.weight.file);
  if (auto good = check_model(found.config, **m); !good)
    return tl::unexpected(good.error());
  auto labels = labels_of(found, **m);
  if (!labels)
    return tl::unexpected(labels.error());
  auto shapes = warm_shapes(**m, found.config, options);
  if (!shapes)
    return tl::unexpected(shapes.error());
  auto id = into.add_model(*m, std::move(*shapes), defaults::load_timeout);
  if (!id)
    return tl::unexpected(id.error());
  auto config = found.config;
  config.file = version.file.filename().string();
  return std::make_shared<served_model>(
      served_model{found.name, version.number, *id, std::move(*m), std::move(config), std::move(*labels)});
}

} // namespace baton::apps
