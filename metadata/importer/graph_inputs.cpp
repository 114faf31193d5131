#include <algorithm>
#include <cctype>
#include <unordered_set>

#include "metadata/defaults.hpp"
#include "metadata/importer/graph.hpp"
#include "metadata/importer/onnx_types.hpp"

namespace baton::metadata::importer {

namespace {

/// A leading extent without a name is taken for the batch.
constexpr auto unnamed_batch = "batch";

element_type type_of(const onnx::ValueInfoProto& info) {
  const auto who = "input '" + info.name() + "' ";
  demand(info.type().has_tensor_type(), who + "is not a tensor");
  const auto number = info.type().tensor_type().elem_type();
  const auto type = from_onnx(number);
  demand(type.has_value(), who + "holds " + onnx_type_name(number) + ", which is not supported");
  demand(info.type().tensor_type().has_shape(), who + "has no shape");
  return *type;
}

dim symbol_of(const std::string& name, std::vector<std::string>& symbols) {
  auto found = std::find(symbols.begin(), symbols.end(), name);
  if (found == symbols.end()) {
    demand(symbols.size() < defaults::max_symbols, "it has too many symbolic extents");
    found = symbols.insert(symbols.end(), name);
  }
  return dim::symbol(static_cast<std::uint32_t>(found - symbols.begin()));
}

dims shape_from(const onnx::ValueInfoProto& info, std::vector<std::string>& symbols) {
  const auto& given = info.type().tensor_type().shape();
  const auto who = "input '" + info.name() + "' ";
  demand(static_cast<std::size_t>(given.dim_size()) <= defaults::max_rank, who + "has too many extents");
  dims shape;
  for (int axis = 0; axis < given.dim_size(); ++axis) {
    const auto& d = given.dim(axis);
    if (d.has_dim_value()) {
      demand(d.dim_value() >= 1, who + "has the extent " + std::to_string(d.dim_value()));
      shape.emplace_back(d.dim_value());
    } else if (!d.dim_param().empty()) {
      shape.push_back(symbol_of(d.dim_param(), symbols));
    } else {
      shape.push_back(symbol_of(axis == 0 ? unnamed_batch : info.name() + '_' + std::to_string(axis), symbols));
    }
  }
  if (const auto wrong = check_shape(shape); !wrong.empty())
    throw problem(who + wrong);
  return shape;
}

/// The symbol that is the batch: one called N or batch..., else the first that leads an input.
std::optional<std::uint32_t> batch_symbol(const model::parts& p) {
  for (std::uint32_t i = 0; i < p.symbols.size(); ++i) {
    auto name = p.symbols[i];
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    if (name == "n" || name.starts_with("batch"))
      return i;
  }
  for (const auto v : p.inputs)
    if (!p.values[v].shape.empty())
      if (const auto symbol = p.values[v].shape[0].as_symbol())
        return symbol;
  return std::nullopt;
}

} // namespace

void graph::add_inputs(const onnx_file& file, collector& problems) {
  std::unordered_set<std::string> filled;
  for (const auto& constant : file.initializers)
    filled.insert(constant.name);
  for (const auto& info : file.inputs) {
    // Before IR version 4 initializers are listed as inputs too; of two inputs with one name it has been told already.
    if (filled.contains(info.name()) || is_known(info.name()))
      continue;
    const auto good = problems.attempt([&] {
      demand(!info.name().empty(), "an input has no name");
      const auto type = type_of(info);
      add_input(info.name(), type, shape_from(info, parts_.symbols));
    });
    if (!good)
      mark_unknown(info.name());
  }
  mark_batch();
}

void graph::mark_batch() {
  const auto batch = batch_symbol(parts_);
  if (!batch)
    return;
  for (const auto index : parts_.inputs) {
    auto& v = parts_.values[index];
    for (std::uint32_t axis = 0; axis < v.shape.size() && !v.batch_axis; ++axis)
      if (v.shape[axis].as_symbol() == batch)
        v.batch_axis = axis;
  }
}

} // namespace baton::metadata::importer
