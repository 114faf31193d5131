#include "gpu/layer_view.hpp"

#include <algorithm>

#include "gpu/failure.hpp"

namespace baton::gpu {

std::int64_t elements_of(const extents& shape) {
  std::int64_t count = 1;
  for (auto extent : shape)
    count *= extent;
  return count;
}

extents row_major_strides(const extents& shape) {
  extents result(shape.size(), 1);
  for (auto i = shape.size(); i-- > 1;)
    result[i - 1] = result[i] * shape[i];
  return result;
}

extents padded_rank(const extents& shape, std::size_t rank) {
  extents result(rank - std::min(rank, shape.size()), 1);
  result.insert(result.end(), shape.begin(), shape.end());
  return result;
}

extents repeating_strides(const extents& shape, std::size_t rank) {
  auto result = row_major_strides(shape);
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (shape[i] == 1)
      result[i] = 0;
  result.insert(result.begin(), rank - shape.size(), 0);
  return result;
}

bool layer_view::has(std::size_t role) const {
  return role < layer_.inputs.size() && layer_.inputs[role] != metadata::none;
}

bool layer_view::has_output(std::size_t role) const {
  return role < layer_.outputs.size() && layer_.outputs[role] != metadata::none;
}

bool layer_view::is_weight(value_index v) const {
  return model_.values()[root(v)].origin == metadata::value_origin::weight;
}

metadata::tensor layer_view::read_weight(std::size_t role) const {
  const auto v = root(input_value(role));
  const auto& value = model_.values()[v];
  if (!is_weight(v))
    raise(errc::bad_model, "value '" + value.name + "' must be a constant to be used as weights");
  if (value.type != metadata::element_type::float32)
    raise(errc::bad_model, "weights '" + value.name + "' must be float32");
  return value_or_raise(model_.read_weight(v));
}

std::size_t layer_view::plain_bytes(value_index v) const {
  return static_cast<std::size_t>(elements_of(shape(v))) * size_of(type(v));
}

void layer_view::unsupported(const std::string& reason) const {
  raise(errc::bad_model, "layer '" + layer_.name + "' (" + std::string(kind_name(layer_.attributes)) + "): " + reason);
}

void layer_view::unfit(const std::string& reason) const {
  raise(errc::bad_request,
        "layer '" + layer_.name + "' (" + std::string(kind_name(layer_.attributes)) + "): at this shape " + reason);
}

void layer_view::require_float(value_index v) const {
  if (type(v) != metadata::element_type::float32)
    unsupported("value '" + model_.values()[v].name + "' must be float32");
}

} // namespace baton::gpu
