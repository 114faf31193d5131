#include <algorithm>

#include "metadata/defaults.hpp"
#include "metadata/importer/operators.hpp"

/// Operators whose result has the bytes of their operand, and constants.
namespace baton::metadata::importer {

void import_constant(node& n) {
  n.demand_operands(0, 0);
  const auto& name = n.output();
  auto& g = n.in();
  n.attrs().ignore("value");
  demand(!n.constant() || n.constant()->flaw.empty(), n.constant() ? n.constant()->flaw : "");
  if (n.constant())
    return g.add_constant(*n.constant(), name);
  using proto = onnx::AttributeProto;
  if (const auto* a = n.attrs().find("value_int", proto::INT))
    return g.bind(name, g.add_integers(name, {}, {a->i()}));
  if (const auto* a = n.attrs().find("value_float", proto::FLOAT))
    return g.bind(name, g.add_floats(name, {}, {a->f()}));
  if (const auto* a = n.attrs().find("value_ints", proto::INTS))
    return g.bind(name, g.add_integers(name, {a->ints_size()}, {a->ints().begin(), a->ints().end()}));
  if (const auto* a = n.attrs().find("value_floats", proto::FLOATS))
    return g.bind(name, g.add_floats(name, {a->floats_size()}, {a->floats().begin(), a->floats().end()}));
  throw problem("it holds no tensor of numbers");
}

void import_identity(node& n) {
  n.demand_operands(1, 1);
  n.emit_view(n.operand(0), n.shape(0));
}

void import_dropout(node& n) {
  n.demand_operands(1, 3);
  n.attrs().ignore("ratio");
  n.attrs().ignore("seed");
  auto& g = n.in();
  if (n.has(2)) {
    demand(g.at(n.operand(2)).origin == value_origin::weight, "its training_mode must be a constant");
    demand(g.number(n.operand(2)) == 0, "its training_mode is true: only inference is supported");
  }
  n.emit_view(n.operand(0), n.shape(0));
  demand(!n.is_wanted(1) || g.opset() >= 10, "before opset 10 its mask is not defined in inference");
  if (n.is_wanted(1))
    g.bind(n.output(1), g.add_layer(n.layer_name() + "/mask", all_true_layer{}, {n.operand(0)}, {n.output(1)})[0]);
}

void import_flatten(node& n) {
  n.demand_operands(1, 1);
  const auto& shape = n.shape(0);
  const auto rank = static_cast<std::int64_t>(shape.size());
  auto axis = n.attrs().integer("axis", 1, -rank, rank);
  if (axis < 0)
    axis += rank;
  const auto split = shape.begin() + axis;
  n.emit_view(n.operand(0), {elements_of(dims(shape.begin(), split)), elements_of(dims(split, shape.end()))});
}

void import_reshape(node& n) {
  n.demand_operands(2, 2);
  const auto zero_is_zero = n.attrs().flag("allowzero", false);
  const auto& from = n.shape(0);
  const auto target = n.known(1);
  demand(target.has_value() && n.shape(1).size() == 1,
         "its target '" + n.in().at(n.operand(1)).name
             + "' must be a constant list, or follow from the inputs' shapes");
  demand(target->size() <= defaults::max_rank, "its target has too many extents");
  dims to;
  std::optional<std::size_t> open;
  dim known = 1;
  for (std::size_t i = 0; i < target->size(); ++i) {
    const auto wanted = (*target)[i].constant();
    demand(!wanted || *wanted >= -1, "its target has the extent " + std::to_string(wanted.value_or(0)));
    if (wanted == 0 && !zero_is_zero) {
      demand(i < from.size(), "its target copies extent " + std::to_string(i) + " of " + n.in().text(from));
      to.push_back(from[i]);
    } else {
      to.push_back((*target)[i]);
    }
    if (wanted == -1) {
      demand(!open, "its target leaves two extents open");
      open = i;
    } else {
      known = known * to.back();
    }
  }
  if (open) {
    const auto rest = exact_div(elements_of(from), known);
    to[*open] = 1;
    demand(rest.has_value(), n.in().text(from) + " cannot be cut into pieces of " + n.in().text(to));
    to[*open] = *rest;
  }
  n.emit_view(n.operand(0), std::move(to));
}

void import_unsqueeze(node& n) {
  const auto by_attribute = n.in().opset() < 13;
  n.demand_operands(by_attribute ? 1 : 2, by_attribute ? 1 : 2);
  const auto axes =
      by_attribute ? n.attrs().integers("axes", 0, INT32_MIN, INT32_MAX) : std::optional(n.in().integers(n.operand(1)));
  demand(axes.has_value(), "attribute 'axes' is missing");
  const auto& from = n.shape(0);
  const auto rank = from.size() + axes->size();
  demand(rank <= defaults::max_rank, "its result has more than " + std::to_string(defaults::max_rank) + " extents");
  std::vector<bool> fresh(rank);
  for (const auto given : *axes) {
    const auto axis = n.axis(given, rank);
    demand(!fresh[axis], "axis " + std::to_string(axis) + " is given twice");
    fresh[axis] = true;
  }
  dims to;
  auto next = from.begin();
  for (std::size_t axis = 0; axis < rank; ++axis)
    to.push_back(fresh[axis] ? dim(1) : *next++);
  n.emit_view(n.operand(0), std::move(to));
}

void import_squeeze(node& n) {
  const auto by_attribute = n.in().opset() < 13;
  n.demand_operands(1, by_attribute ? 1 : 2);
  const auto& from = n.shape(0);
  std::optional<std::vector<std::int64_t>> axes;
  if (by_attribute)
    axes = n.attrs().integers("axes", 0, INT32_MIN, INT32_MAX);
  else if (n.has(1))
    axes = n.in().integers(n.operand(1));
  std::vector<bool> drop(from.size());
  if (axes) {
    for (const auto given : *axes) {
      const auto axis = n.axis(given, from.size());
      demand(from[axis] == dim(1), "axis " + std::to_string(axis) + " of " + n.in().text(from) + " is not 1");
      drop[axis] = true;
    }
  } else {
    for (std::size_t axis = 0; axis < from.size(); ++axis) {
      demand(from[axis].constant().has_value(), "without axes it may drop a symbolic extent of " + n.in().text(from));
      drop[axis] = from[axis] == dim(1);
    }
  }
  dims to;
  for (std::size_t axis = 0; axis < from.size(); ++axis)
    if (!drop[axis])
      to.push_back(from[axis]);
  n.emit_view(n.operand(0), std::move(to));
}

} // namespace baton::metadata::importer
