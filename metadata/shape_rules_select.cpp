#include "metadata/defaults.hpp"
#include "metadata/shape_rules_detail.hpp"

/// Layers that only move elements, of any type.
namespace baton::metadata::rules {

layer_shape infer(const concat_layer& a, const operands& in) {
  demand(in.size() >= 1, "it has no operands");
  for (std::size_t i = 0; i < in.size(); ++i)
    demand(in.has(i), "its operand " + in.name(i) + " is missing");
  auto y = in.at(0);
  demand(a.axis < y.shape.size(), "its axis lies outside " + in.text(y.shape));
  for (std::size_t i = 1; i < in.size(); ++i) {
    const auto& x = in.at(i);
    demand(x.type == y.type, "its operands must be of one type, and are " + std::string(numpy_name(y.type)) + " and "
                                 + std::string(numpy_name(x.type)));
    auto same = x.shape.size() == y.shape.size();
    for (std::size_t axis = 0; axis < y.shape.size() && same; ++axis)
      same = axis == a.axis || x.shape[axis] == y.shape[axis];
    demand(same, "shapes " + in.text(in.at(0).shape) + " and " + in.text(x.shape) + " differ beside axis "
                     + std::to_string(a.axis));
    y.shape[a.axis] = y.shape[a.axis] + x.shape[a.axis];
    if (x.batch_axis != y.batch_axis)
      y.batch_axis.reset();
  }
  if (y.batch_axis == a.axis && in.size() > 1)
    y.batch_axis.reset();
  return {{std::move(y)}};
}

layer_shape infer(const expand_layer& a, const operands& in) {
  const auto& x = in.at(0);
  const auto shape = broadcast(x.shape, a.shape, in.names());
  demand(shape && *shape == a.shape, in.text(x.shape) + " does not broadcast to " + in.text(a.shape));
  value_shape y{x.type, a.shape, lined_up(x.batch_axis, x.shape.size(), a.shape.size())};
  if (y.batch_axis && a.shape[*y.batch_axis] != x.shape[*x.batch_axis])
    y.batch_axis.reset();
  return {{std::move(y)}};
}

layer_shape infer(const slice_layer& a, const operands& in) {
  auto y = in.at(0);
  demand(a.axes.size() == y.shape.size(), "it must have a range for each axis of " + in.text(y.shape));
  for (std::uint32_t axis = 0; axis < y.shape.size(); ++axis) {
    const auto& r = a.axes[axis];
    const auto& extent = y.shape[axis];
    const auto inside = [&](const dim& at) {
      const auto before = at.constant();
      const auto behind = (at - extent).constant();
      return (!before || *before >= 0) && (!behind || *behind < 0) && !at.too_large();
    };
    demand(r.step != 0 && r.step != INT64_MIN, "its step must not be 0");
    demand(inside(r.start) && inside(r.start + (r.count - dim(1)) * dim(r.step)),
           "its range lies outside axis " + std::to_string(axis) + " of " + in.text(in.at(0).shape));
    if (y.batch_axis == axis && r != slice_layer::range{0, 1, extent})
      y.batch_axis.reset();
    y.shape[axis] = r.count;
  }
  return {{std::move(y)}};
}

layer_shape infer(const pad_layer& a, const operands& in) {
  auto y = in.at(0);
  demand(a.before.size() == y.shape.size() && a.after.size() == y.shape.size(),
         "it must have pads for each axis of " + in.text(y.shape));
  for (std::uint32_t axis = 0; axis < y.shape.size(); ++axis) {
    const auto before = a.before[axis];
    const auto after = a.after[axis];
    demand(before >= 0 && after >= 0 && before <= defaults::max_attribute && after <= defaults::max_attribute,
           "its pads must be from 0 to " + std::to_string(defaults::max_attribute));
    const auto extent = y.shape[axis].constant();
    demand(a.mode != pad_layer::kind::reflect || !extent || (before < *extent && after < *extent),
           "it cannot reflect more than axis " + std::to_string(axis) + " of " + in.text(in.at(0).shape) + " has");
    if (y.batch_axis == axis && before + after > 0)
      y.batch_axis.reset();
    y.shape[axis] = y.shape[axis] + dim(before + after);
  }
  return {{std::move(y)}};
}

layer_shape infer(const shape_layer& a, const operands& in) {
  demand(in.size() == 0, "it takes no operands");
  demand(a.type == element_type::int64 || a.type == element_type::int32, "it makes int64 or int32");
  dims shape(a.shape.begin(), a.shape.end());
  demand(elements_of(shape) == dim(static_cast<std::int64_t>(a.elements.size())), "its elements do not fill its shape");
  for (const auto& e : a.elements)
    demand(!e.too_large(), "one of its elements is too large");
  return {{{a.type, std::move(shape), std::nullopt}}};
}

} // namespace baton::metadata::rules
