#include "metadata/shape_rules_detail.hpp"

/// Layers that treat each element alone.
namespace baton::metadata::rules {

namespace {

bool takes_whole_numbers(function f) {
  return f == function::relu || f == function::clip || f == function::absolute || f == function::negative;
}

} // namespace

layer_shape infer(const binary_layer& l, const operands& in) {
  const auto& a = in.at(0);
  const auto& b = in.at(1);
  demand(a.type == b.type, "a is " + std::string(numpy_name(a.type)) + " and b " + std::string(numpy_name(b.type))
                               + ": they must be of one type");
  demand(a.type != element_type::boolean, "its operands must be numbers, not bool");
  if (l.op == binary_layer::kind::power || l.act != activation::none)
    demand(a.type == element_type::float32, "a must be float32, not " + std::string(numpy_name(a.type)));
  auto shape = broadcast(a.shape, b.shape, in.names());
  demand(shape.has_value(), shape ? "" : shape.error());
  const auto own = lined_up(a.batch_axis, a.shape.size(), shape->size());
  const auto others = lined_up(b.batch_axis, b.shape.size(), shape->size());
  const auto conflict = own && others && own != others;
  const auto batch = conflict ? std::nullopt : own ? own : others;
  return {{{a.type, std::move(*shape), batch}}};
}

layer_shape infer(const unary_layer& a, const operands& in) {
  if (!takes_whole_numbers(a.f.what))
    return {{in.floats_from(0, 0)}};
  demand(in.at(0).type != element_type::boolean, "x must be numbers, not bool");
  return {{in.at(0)}};
}

layer_shape infer(const cast_layer& a, const operands& in) {
  auto y = in.at(0);
  y.type = a.to;
  return {{std::move(y)}};
}

layer_shape infer(const reduce_mean_layer& a, const operands& in) {
  const auto& x = in.floats_from(0, 0);
  std::vector<bool> gone(x.shape.size());
  for (const auto axis : a.axes) {
    demand(axis < gone.size() && !gone[axis], "its axes must be different ones of " + in.text(x.shape));
    gone[axis] = true;
  }
  value_shape y{x.type, {}, std::nullopt};
  for (std::uint32_t axis = 0; axis < gone.size(); ++axis) {
    if (gone[axis] && !a.keep_axes)
      continue;
    if (x.batch_axis == axis && !gone[axis])
      y.batch_axis = static_cast<std::uint32_t>(y.shape.size());
    y.shape.push_back(gone[axis] ? dim(1) : x.shape[axis]);
  }
  return {{std::move(y)}};
}

} // namespace baton::metadata::rules
