#pragma once

#include <string>

#include "metadata/model.hpp"
#include "metadata/shape_rules.hpp"

namespace baton::metadata {

/// What a shape rule needs to know of a value.
inline value_shape shape_of(const value& v) {
  return {v.type, v.shape, v.batch_axis};
}

/// What is inconsistent in the parts of a model, naming the layer or value; empty if nothing is.
std::string check_parts(const model::parts& p);

} // namespace baton::metadata
