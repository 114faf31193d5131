#include "apps/run_inputs.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <limits>
#include <random>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "apps/defaults.hpp"
#include "apps/layer_names.hpp"
#include "apps/preprocessing.hpp"
#include "apps/tensor_file.hpp"
#include "metadata/numeric.hpp"

namespace baton::apps {

namespace {

/// How many different integers an input may hold: the rows of the smallest table it picks from.
std::int64_t integer_range(const metadata::model& m, metadata::value_index input) {
  std::int64_t range = defaults::random_integers;
  bool picks = false;
  for (const auto& l : m.layers()) {
    const auto* gather = std::get_if<metadata::gather_layer>(&l.attributes);
    if (!gather || l.inputs.size() < 2 || m.root(l.inputs[1]) != m.root(input))
      continue;
    if (auto rows = m.values()[l.inputs[0]].shape[gather->axis].constant()) {
      range = picks ? std::min(range, *rows) : *rows;
      picks = true;
    }
  }
  return std::max<std::int64_t>(range, 1);
}

metadata::tensor random_tensor(metadata::element_type type, std::vector<std::int64_t> shape, std::int64_t range,
                               std::mt19937_64& random) {
  metadata::tensor t{type, std::move(shape)};
  metadata::with_type(type, [&]<class T>(std::type_identity<T>) {
    // The library's distributions differ from one standard library to the next; these do not.
    for (auto& x : t.as_mutable<T>())
      if constexpr (std::is_integral_v<T>)
        x = static_cast<T>(
            random()
            % std::min(static_cast<std::uint64_t>(std::numeric_limits<T>::max()), static_cast<std::uint64_t>(range)));
      else if constexpr (std::is_same_v<T, metadata::boolean_element>)
        x = T(random() % 2 == 1);
      else
        x = T(static_cast<float>(static_cast<std::int64_t>(random() >> 40U) - (1 << 23)) / static_cast<float>(1 << 23));
  });
  return t;
}

/// "a.png,b.png" as two files, but a file that has such a name as one.
std::vector<std::string> files_in(const std::string& text) {
  std::error_code ignored;
  std::vector<std::string> files;
  if (std::filesystem::exists(text, ignored))
    return {text};
  std::istringstream parts{text};
  for (std::string file; std::getline(parts, file, ',');)
    files.push_back(std::move(file));
  return files;
}

/// One tensor file, or pictures.
expected<metadata::tensor> read_files(const metadata::model& m, const metadata::value& v, const std::string& text,
                                      const input_options& options, std::vector<std::string>& notes) {
  const auto files = files_in(text);
  for (const auto& file : files) {
    auto kind = kind_of_file(file);
    if (!kind)
      return tl::unexpected(kind.error());
    if (*kind == input_file_kind::picture)
      continue;
    if (files.size() == 1)
      return read_tensor_file(file, *kind);
    return fail(errc::bad_argument, fmt::format("{}: only pictures can be listed, to make one batch", file));
  }
  auto how = choose_preprocessing(m, v, options.preprocess);
  if (!how)
    return tl::unexpected(how.error());
  auto batch = read_pictures(files, *how, v);
  if (!batch)
    return tl::unexpected(batch.error());
  notes.insert(notes.end(), batch->notes.begin(), batch->notes.end());
  return std::move(batch->pixels);
}

expected<metadata::tensor> read_input(const metadata::model& m, const metadata::value& v, const std::string& file,
                                      const input_options& options, std::vector<std::string>& notes) {
  auto t = read_files(m, v, file, options, notes);
  if (t)
    *t = metadata::converted(*t, v.type); // what NumPy makes by default, double and int64, is seldom what a model takes
  const auto batch = options.batch;
  if (!t || !batch || v.batch_axis != 0U || t->shape().empty() || t->shape()[0] == *batch)
    return t;
  if (t->shape()[0] < *batch)
    return fail(errc::bad_argument,
                fmt::format("--batch {}: file '{}' has {} rows for input '{}'", *batch, file, t->shape()[0], v.name));
  return rows_of(*t, 0, *batch);
}

} // namespace

expected<std::pair<std::size_t, std::string>> split_choice(const metadata::model& m, const char* what,
                                                           const std::vector<metadata::value_index>& which,
                                                           const std::string& choice) {
  auto equals = choice.find('=');
  if (equals == choice.npos) {
    if (which.size() == 1)
      return std::pair{std::size_t{0}, choice};
    return fail(errc::bad_argument, fmt::format("--{} {}: model '{}' has several {}s, say which: {}", what, choice,
                                                m.name(), what, names_of(m, which)));
  }
  auto place = place_of(m, which, choice.substr(0, equals));
  if (!place)
    return fail(errc::bad_argument, fmt::format("--{} {}: model '{}' has no such {}, there is {}", what, choice,
                                                m.name(), what, names_of(m, which)));
  return std::pair{*place, choice.substr(equals + 1)};
}

expected<run_inputs> make_inputs(const metadata::model& m, const input_options& options) {
  std::vector<std::string> sources(m.inputs().size(), "random");
  std::set<std::size_t> chosen;
  for (const auto& choice : options.choices) {
    auto split = split_choice(m, "input", m.inputs(), choice);
    if (!split)
      return tl::unexpected(split.error());
    if (!chosen.insert(split->first).second)
      return fail(errc::bad_argument, fmt::format("--input {}: input '{}' has been given already", choice,
                                                  m.values()[m.inputs()[split->first]].name));
    sources[split->first] = split->second;
  }
  run_inputs made;
  auto& inputs = made.tensors;
  inputs.resize(sources.size());
  auto known = options.symbols;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (sources[i] == "random")
      continue;
    const auto& v = m.values()[m.inputs()[i]];
    auto t = read_input(m, v, sources[i], options, made.notes);
    if (!t)
      return tl::unexpected(t.error());
    for (std::size_t axis = 0; axis < std::min(v.shape.size(), t->shape().size()); ++axis)
      if (auto s = v.shape[axis].as_symbol())
        known.emplace(m.symbols()[*s], t->shape()[axis]);
    inputs[i] = std::move(*t);
  }
  auto symbols = bind_symbols(m, known, options.batch.value_or(1), defaults::symbol);
  if (!symbols)
    return tl::unexpected(symbols.error());
  std::mt19937_64 random{options.seed};
  for (std::size_t i = 0; i < sources.size(); ++i)
    if (sources[i] == "random")
      inputs[i] = random_tensor(m.values()[m.inputs()[i]].type, m.shape(m.inputs()[i], *symbols),
                                integer_range(m, m.inputs()[i]), random);
  return made;
}

metadata::tensor rows_of(const metadata::tensor& t, std::int64_t first, std::int64_t count) {
  auto shape = t.shape();
  auto row = shape[0] == 0 ? 0 : t.bytes() / static_cast<std::size_t>(shape[0]);
  shape[0] = count;
  metadata::tensor part{t.type(), std::move(shape)};
  if (part.bytes() > 0)
    std::memcpy(part.mutable_data(), t.data() + static_cast<std::size_t>(first) * row, part.bytes());
  return part;
}

} // namespace baton::apps
