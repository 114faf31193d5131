#include <algorithm>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "apps/model_config.hpp"
#include "apps/symbols.hpp"
#include "metadata/batch_symbols.hpp"

/// A configuration against the model it is for, and requests against both.
namespace baton::apps {

namespace {

using metadata::value_index;

std::optional<value_index> find(const metadata::model& m, const std::vector<value_index>& among,
                                const std::string& name) {
  auto i = std::find_if(among.begin(), among.end(), [&](value_index v) { return m.values()[v].name == name; });
  return i == among.end() ? std::nullopt : std::optional{*i};
}

std::string names(const metadata::model& m, const std::vector<value_index>& which) {
  std::vector<std::string> all;
  all.reserve(which.size());
  for (auto v : which)
    all.push_back(m.values()[v].name);
  return fmt::format("{}", fmt::join(all, ", "));
}

/// An extent that the model fixes must be said so; one that it leaves open may be fixed.
bool same_dims(const std::vector<std::int64_t>& said, std::span<const metadata::dim> has) {
  return std::equal(said.begin(), said.end(), has.begin(), has.end(), [](auto s, const metadata::dim& d) {
    auto fixed = d.constant();
    return !fixed || *fixed == s;
  });
}

expected<void> check_tensor(const model_config& c, const tensor_config& t, const char* role, const metadata::model& m,
                            const std::vector<value_index>& among) {
  auto v = find(m, among, t.name);
  if (!v)
    return fail(errc::bad_model,
                fmt::format("config.pbtxt has {} '{}', the model has {}", role, t.name, names(m, among)));
  const auto& value = m.values()[*v];
  if (t.type && *t.type != value.type)
    return fail(errc::bad_model, fmt::format("config.pbtxt says that {} '{}' is {}, in the model it is {}", role,
                                             t.name, to_string(*t.type), to_string(value.type)));
  if (t.reshaped || t.dims.empty())
    return {};
  std::span<const metadata::dim> shape = value.shape;
  if (c.max_batch) {
    if (value.batch_axis != 0U || shape.empty() || shape[0].constant())
      return fail(errc::bad_model, fmt::format("config.pbtxt has a max_batch_size, but the first dim of {} '{}' is no "
                                               "batch: it is {}",
                                               role, t.name, shape_text(m, value.shape)));
    shape = shape.subspan(1);
  }
  if (!same_dims(t.dims, shape))
    return fail(errc::bad_model, fmt::format("config.pbtxt says that {} '{}' is [{}]{}, in the model it is {}", role,
                                             t.name, fmt::join(t.dims, ","), c.max_batch ? " behind the batch" : "",
                                             shape_text(m, value.shape)));
  return {};
}

expected<void> check_tensors(const model_config& c, const std::vector<tensor_config>& said, const char* role,
                             const metadata::model& m, const std::vector<value_index>& among) {
  for (std::size_t i = 0; i < said.size(); ++i) {
    auto same_name = [&](const tensor_config& t) { return t.name == said[i].name; };
    if (std::count_if(said.begin(), said.end(), same_name) > 1)
      return fail(errc::bad_model, fmt::format("config.pbtxt has {} '{}' twice", role, said[i].name));
    if (auto good = check_tensor(c, said[i], role, m, among); !good)
      return good;
  }
  return {};
}

/// Sets the symbols that the extents bind. False where they do not fit the shape.
bool bind_extents(const metadata::dims& shape, const std::vector<std::int64_t>& extents,
                  metadata::symbol_values& symbols) {
  return std::equal(shape.begin(), shape.end(), extents.begin(), extents.end(),
                    [&](const metadata::dim& d, std::int64_t extent) {
                      if (auto fixed = d.constant())
                        return *fixed == extent;
                      auto s = d.as_symbol();
                      if (!s || extent < 1)
                        return false;
                      if (symbols[*s] == 0)
                        symbols[*s] = extent;
                      return symbols[*s] == extent;
                    });
}

} // namespace

expected<void> check_model(const model_config& c, const metadata::model& m) {
  if (!c.name.empty() && c.name != m.name())
    return fail(errc::bad_model, fmt::format("config.pbtxt is for '{}', the folder is '{}'", c.name, m.name()));
  if (auto good = check_tensors(c, c.inputs, "input", m, m.inputs()); !good)
    return good;
  if (!c.inputs.empty() && c.inputs.size() != m.inputs().size())
    return fail(errc::bad_model, fmt::format("config.pbtxt has {} inputs, the model has {}: {}", c.inputs.size(),
                                             m.inputs().size(), names(m, m.inputs())));
  if (auto good = check_tensors(c, c.outputs, "output", m, m.outputs()); !good)
    return good;
  auto is_batch = batch_symbols(m);
  if (c.max_batch && std::find(is_batch.begin(), is_batch.end(), true) == is_batch.end())
    return fail(errc::bad_model, "config.pbtxt has a max_batch_size, but no input of the model has a batch axis");
  return {};
}

expected<std::vector<metadata::symbol_values>> warmup_shapes(const model_config& c, const metadata::model& m) {
  std::vector<metadata::symbol_values> shapes;
  for (const auto& w : c.warmups) {
    auto wrong = [&](const std::string& why) {
      return fail(errc::bad_model, fmt::format("warm-up '{}' does not fit the model: {}", w.name, why));
    };
    if (c.max_batch ? w.batch > *c.max_batch : w.batch != 1)
      return wrong(fmt::format("its batch_size is {}", w.batch));
    metadata::symbol_values symbols(m.symbols().size(), 0);
    for (const auto& [name, dims] : w.inputs) {
      auto v = find(m, m.inputs(), name);
      if (!v)
        return wrong(fmt::format("there is no input '{}'", name));
      auto extents = dims;
      if (c.max_batch)
        extents.insert(extents.begin(), w.batch);
      if (!bind_extents(m.values()[*v].shape, extents, symbols))
        return wrong(fmt::format("input '{}' is [{}], in the model it is {}", name, fmt::join(extents, ","),
                                 shape_text(m, m.values()[*v].shape)));
    }
    if (std::find(symbols.begin(), symbols.end(), 0) != symbols.end())
      return wrong("not every input is given");
    if (std::find(shapes.begin(), shapes.end(), symbols) == shapes.end())
      shapes.push_back(std::move(symbols));
  }
  return shapes;
}

expected<void> check_request(const model_config& c, const metadata::model& m,
                             const std::vector<metadata::tensor>& inputs) {
  for (std::size_t i = 0; i < inputs.size() && i < m.inputs().size(); ++i) {
    const auto& value = m.values()[m.inputs()[i]];
    const auto& shape = inputs[i].shape();
    if (shape.size() != value.shape.size())
      return {}; // for the runtime to say
    if (c.max_batch && value.batch_axis && shape[*value.batch_axis] > *c.max_batch)
      return fail(errc::bad_request, fmt::format("input '{}' has {} rows, model '{}' takes {} at most", value.name,
                                                 shape[*value.batch_axis], m.name(), *c.max_batch));
    auto said = std::find_if(c.inputs.begin(), c.inputs.end(), [&](const auto& t) { return t.name == value.name; });
    if (said == c.inputs.end() || said->reshaped || said->dims.empty())
      continue;
    std::size_t first = c.max_batch ? 1 : 0;
    for (std::size_t k = 0; k < said->dims.size(); ++k)
      if (said->dims[k] != -1 && said->dims[k] != shape[first + k])
        return fail(errc::bad_request,
                    fmt::format("input '{}' is [{}], by the configuration of model '{}' dim {} is {}", value.name,
                                fmt::join(shape, ","), m.name(), first + k, said->dims[k]));
  }
  return {};
}

} // namespace baton::apps
