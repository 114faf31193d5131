#include <algorithm>
#include <cstring>

#include "metadata/defaults.hpp"
#include "metadata/importer/onnx_types.hpp"
#include "metadata/importer/operators.hpp"
#include "metadata/numeric.hpp"

/// Cast, Concat, Shape, Expand, ConstantOfShape: where shapes are computed with.
namespace baton::metadata::importer {

namespace {

/// What operand `i` says as a shape.
dims shape_given_by(node& n, std::size_t i) {
  const auto wanted = n.known(i);
  demand(wanted.has_value() && n.shape(i).size() == 1,
         "its shape '" + n.in().at(n.operand(i)).name + "' must be a constant list, or follow from the inputs' shapes");
  demand(wanted->size() <= defaults::max_rank, "its shape has too many extents");
  return *wanted;
}

} // namespace

void import_cast(node& n) {
  n.demand_operands(1, 1);
  const auto number = n.attrs().integer("to", 0, INT32_MIN, INT32_MAX);
  n.attrs().ignore("saturate"); // says something of 8-bit floating point only
  const auto to = from_onnx(static_cast<std::int32_t>(number));
  demand(to.has_value(), "a cast to " + onnx_type_name(static_cast<std::int32_t>(number)) + " is not supported");
  auto& g = n.in();
  const auto x = n.operand(0);
  const auto& from = g.at(x);
  if (from.type == *to)
    return n.emit_view(x, n.shape(0));
  if (from.origin == value_origin::weight && from.weight.bytes <= defaults::max_listed * size_of(from.type)) {
    const auto t = converted(g.constant(x), *to);
    demand(!n.output().empty(), "its result has no name");
    return g.bind(n.output(), g.add_weight(n.output(), *to, dims(n.shape(0)), {t.data(), t.bytes()}));
  }
  const auto known = *to == element_type::int64 || *to == element_type::int32 ? g.known(x) : std::nullopt;
  if (known && g.may_fold(known->size())) {
    std::vector<std::int64_t> shape;
    for (const auto& extent : n.shape(0))
      shape.push_back(extent.constant().value_or(0));
    return n.emit_known(*to, shape, *known);
  }
  n.emit(cast_layer{*to}, {x});
}

void import_concat(node& n) {
  n.demand_operands(1, n.inputs());
  auto& g = n.in();
  const auto rank = n.shape(0).size();
  demand(n.attrs().find("axis", onnx::AttributeProto::INT) != nullptr, "attribute 'axis' is missing");
  const auto axis = n.axis(n.attrs().integer("axis", 0, INT32_MIN, INT32_MAX), rank);
  std::vector<value_index> operands;
  dims known;
  auto folds = rank == 1;
  for (std::size_t i = 0; i < n.inputs(); ++i) {
    operands.push_back(n.operand(i));
    const auto piece = folds ? n.known(i) : std::nullopt;
    folds = piece && g.at(operands[i]).type == g.at(operands[0]).type && n.shape(i).size() == 1
            && known.size() + piece->size() <= defaults::max_listed;
    if (folds)
      known.insert(known.end(), piece->begin(), piece->end());
  }
  if (folds && !known.empty() && g.may_fold(known.size())) {
    const auto count = static_cast<std::int64_t>(known.size());
    return n.emit_known(g.at(operands[0]).type, {count}, std::move(known));
  }
  if (operands.size() == 1)
    return n.emit_view(operands[0], n.shape(0));
  n.emit(concat_layer{axis}, std::move(operands));
}

void import_shape(node& n) {
  n.demand_operands(1, 1);
  const auto& shape = n.shape(0);
  const auto rank = static_cast<std::int64_t>(shape.size());
  const auto bound = [&](const char* name, std::int64_t otherwise) {
    const auto given = n.attrs().integer(name, otherwise, INT32_MIN, INT32_MAX);
    return std::clamp<std::int64_t>(given < 0 ? given + rank : given, 0, rank);
  };
  const auto start = bound("start", 0);
  const auto end = std::max(start, bound("end", rank));
  dims elements(shape.begin() + start, shape.begin() + end);
  n.emit_known(element_type::int64, {end - start}, std::move(elements));
}

void import_expand(node& n) {
  n.demand_operands(2, 2);
  const auto shape = broadcast(n.shape(0), shape_given_by(n, 1), n.in().parts().symbols);
  demand(shape.has_value(), shape ? "" : shape.error());
  if (*shape == n.shape(0))
    return n.emit_view(n.operand(0), *shape);
  n.emit(expand_layer{*shape}, {n.operand(0)});
}

void import_constant_of_shape(node& n) {
  n.demand_operands(1, 1);
  n.attrs().ignore("value");
  auto& g = n.in();
  tensor element(element_type::float32, {1});
  if (n.constant()) {
    demand(n.constant()->type().has_value(),
           "its value holds " + onnx_type_name(n.constant()->data_type) + ", which is not supported");
    const auto name = n.layer_name() + "/value";
    g.add_constant(*n.constant(), name);
    element = g.constant(g.bound(name));
    demand(element.elements() == 1, "its value must be one number");
  }
  const auto shape = shape_given_by(n, 0);
  if (const auto wrong = check_shape(shape); !wrong.empty())
    throw problem("its result " + g.text(shape) + ' ' + wrong);
  const auto size = size_of(element.type());
  const auto elements = elements_of(shape).constant();
  if (!elements) {
    const auto v = g.add_weight(n.layer_name() + "/element", element.type(), {}, {element.data(), size});
    return n.emit(expand_layer{shape}, {v});
  }
  const auto count = static_cast<std::uint64_t>(*elements);
  demand(count <= defaults::max_copied_bytes / size, "its result " + g.text(shape) + " is too large for a constant");
  std::vector<std::byte> bytes(count * size);
  for (std::uint64_t i = 0; i < count; ++i)
    std::memcpy(bytes.data() + i * size, element.data(), size);
  demand(!n.output().empty(), "its result has no name");
  g.bind(n.output(), g.add_weight(n.output(), element.type(), shape, bytes));
}

} // namespace baton::metadata::importer
