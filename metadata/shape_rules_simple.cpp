#include "metadata/shape_rules_detail.hpp"

/// What all rules share, and the layers that keep or pick elements.
namespace baton::metadata::rules {

std::string operands::name(std::size_t i) const {
  return i < roles_.size() ? roles_[i].name : std::to_string(i);
}

const value_shape& operands::floats_from(std::size_t i, std::size_t least_rank) const {
  const auto& x = at(i);
  demand(x.type == element_type::float32, name(i) + " must be float32, not " + std::string(numpy_name(x.type)));
  demand(x.shape.size() >= least_rank,
         name(i) + ' ' + text(x.shape) + " must have at least " + std::to_string(least_rank) + " extents");
  return x;
}

const value_shape& operands::floats(std::size_t i, std::size_t rank) const {
  const auto& x = floats_from(i, 0);
  demand(x.shape.size() == rank, name(i) + ' ' + text(x.shape) + " must have " + std::to_string(rank) + " extents");
  return x;
}

void operands::expect(std::size_t i, const dims& shape) const {
  if (has(i))
    demand(floats_from(i, 0).shape == shape,
           name(i) + " has shape " + text(at(i).shape) + " where " + text(shape) + " is needed");
}

layer_shape infer(const copy_layer&, const operands& in) {
  return {{in.at(0)}};
}

layer_shape infer(const all_true_layer&, const operands& in) {
  auto y = in.at(0);
  y.type = element_type::boolean;
  return {{std::move(y)}};
}

layer_shape infer(const softmax_layer& a, const operands& in) {
  auto y = in.floats_from(0, 1);
  demand(a.axis < y.shape.size(), "its axis lies outside " + in.text(y.shape));
  if (y.batch_axis && (a.flatten ? *y.batch_axis >= a.axis : *y.batch_axis == a.axis))
    y.batch_axis.reset();
  return {{std::move(y)}};
}

layer_shape infer(const gather_layer& a, const operands& in) {
  const auto& data = in.at(0);
  const auto& indices = in.at(1);
  demand(indices.type == element_type::int64 || indices.type == element_type::int32,
         "indices must be int64 or int32, not " + std::string(numpy_name(indices.type)));
  demand(a.axis < data.shape.size(), "its axis lies outside " + in.text(data.shape));
  value_shape y{data.type, {}, std::nullopt};
  const auto axis = data.shape.begin() + a.axis;
  y.shape.assign(data.shape.begin(), axis);
  y.shape.insert(y.shape.end(), indices.shape.begin(), indices.shape.end());
  y.shape.insert(y.shape.end(), axis + 1, data.shape.end());
  if (indices.batch_axis && !data.batch_axis)
    y.batch_axis = *indices.batch_axis + a.axis;
  else if (data.batch_axis && !indices.batch_axis && *data.batch_axis < a.axis)
    y.batch_axis = data.batch_axis;
  else if (data.batch_axis && !indices.batch_axis && *data.batch_axis > a.axis)
    y.batch_axis = static_cast<std::uint32_t>(*data.batch_axis + indices.shape.size() - 1);
  return {{std::move(y)}};
}

layer_shape infer(const transpose_layer& a, const operands& in) {
  const auto& x = in.at(0);
  demand(a.permutation.size() == x.shape.size(), "its permutation must name each axis of " + in.text(x.shape));
  value_shape y{x.type, {}, std::nullopt};
  std::vector<bool> seen(x.shape.size());
  for (const auto axis : a.permutation) {
    demand(axis < x.shape.size() && !seen[axis],
           "its permutation must name each axis of " + in.text(x.shape) + " once");
    seen[axis] = true;
    if (x.batch_axis == axis)
      y.batch_axis = static_cast<std::uint32_t>(y.shape.size());
    y.shape.push_back(x.shape[axis]);
  }
  return {{std::move(y)}};
}

} // namespace baton::metadata::rules
