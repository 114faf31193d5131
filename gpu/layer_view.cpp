#include "gpu/layer_view.hpp"

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

bool layer_view::has(std::size_t role) const {
  return role < layer_.inputs.size() && layer_.inputs[role] != metadata::none;
}

bool layer_view::has_output(std::size_t role) const {
  return role < layer_.outputs.size() && layer_.outputs[role] != metadata::none;
}

bool layer_view::is_weight(value_index v) const {
  return model_.values()[root(v)].origin == metadata::value_origin::weight;
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
