#pragma once

#include <cstdlib>
#include <memory>
#include <string>

#include "metadata/model.hpp"

namespace baton::testing {

/// A model with an input and an output [N,3] of every element type, called x and y with the type's number.
inline std::shared_ptr<const metadata::model> every_type() {
  metadata::model::parts p;
  p.name = "every_type";
  p.symbols = {"N"};
  for (auto type : metadata::all_element_types) {
    auto number = std::to_string(static_cast<int>(type));
    auto in = static_cast<metadata::value_index>(p.values.size());
    for (auto origin : {metadata::value_origin::input, metadata::value_origin::computed}) {
      metadata::value v;
      v.name = (origin == metadata::value_origin::input ? "x" : "y") + number;
      v.type = type;
      v.shape = {metadata::dim::symbol(0), 3};
      v.batch_axis = 0;
      v.origin = origin;
      p.values.push_back(std::move(v));
    }
    metadata::layer l;
    l.name = "copy" + number;
    l.attributes = metadata::copy_layer{};
    l.inputs = {in};
    l.outputs = {in + 1};
    p.layers.push_back(std::move(l));
    p.inputs.push_back(in);
    p.outputs.push_back(in + 1);
  }
  auto m = metadata::model::make(std::move(p));
  if (!m)
    std::abort();
  return *m;
}

} // namespace baton::testing
