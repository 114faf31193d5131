#include "metadata/importer/graph.hpp"

#include <utility>

#include "metadata/defaults.hpp"
#include "metadata/importer/onnx_types.hpp"
#include "metadata/model_check.hpp"

namespace baton::metadata::importer {

graph::graph(std::string name, std::int64_t opset) : opset_(opset) {
  parts_.name = std::move(name);
}

value_index graph::add(value v) {
  parts_.values.push_back(std::move(v));
  return static_cast<value_index>(parts_.values.size() - 1);
}

void graph::bind(const std::string& name, value_index v) {
  demand(by_name_.emplace(name, v).second, "two values are called '" + name + "'");
}

value_index graph::add_input(const std::string& name, element_type type, dims shape) {
  value v;
  v.name = name;
  v.type = type;
  v.shape = std::move(shape);
  v.origin = value_origin::input;
  bind(name, add(std::move(v)));
  parts_.inputs.push_back(by_name_.at(name));
  return parts_.inputs.back();
}

void graph::add_constant(const tensor_entry& entry, const std::string& name) {
  const auto type = entry.type();
  if (!type) {
    demand(unusable_.emplace(name, onnx_type_name(entry.data_type)).second, "two values are called '" + name + "'");
    return;
  }
  value v;
  v.name = name;
  v.type = *type;
  v.shape.assign(entry.extents.begin(), entry.extents.end());
  v.origin = value_origin::weight;
  v.weight = entry.source;
  bind(name, add(std::move(v)));
}

value_index graph::add_weight(const std::string& name, element_type type, dims shape,
                              std::span<const std::byte> bytes) {
  if (const auto wrong = check_shape(shape); !wrong.empty() && !bytes.empty())
    throw problem("constant '" + name + "' " + text(shape) + ' ' + wrong);
  copied_bytes_ += bytes.size();
  demand(copied_bytes_ <= defaults::max_copied_bytes, "the graph makes too many constants of its own");
  value v;
  v.name = name;
  v.type = type;
  v.shape = std::move(shape);
  v.origin = value_origin::weight;
  v.weight.inline_bytes.assign(bytes.begin(), bytes.end());
  v.weight.bytes = bytes.size();
  return add(std::move(v));
}

value_index graph::add_seeded(const std::string& name, dims shape, const seeded_numbers& numbers) {
  if (const auto wrong = check_shape(shape); !wrong.empty())
    throw problem("weight '" + name + "' " + text(shape) + ' ' + wrong);
  value v;
  v.name = name;
  v.weight.bytes = static_cast<std::uint64_t>(elements_of(shape).constant().value()) * sizeof(float);
  v.weight.seeded = numbers;
  v.shape = std::move(shape);
  v.origin = value_origin::weight;
  return add(std::move(v));
}

value_index graph::add_integers(const std::string& name, dims shape, const std::vector<std::int64_t>& elements) {
  return add_weight(name, element_type::int64, std::move(shape), std::as_bytes(std::span(elements)));
}

value_index graph::add_floats(const std::string& name, dims shape, const std::vector<float>& elements) {
  return add_weight(name, element_type::float32, std::move(shape), std::as_bytes(std::span(elements)));
}

value_index graph::bound(const std::string& name) const {
  if (const auto wrong = unusable_.find(name); wrong != unusable_.end())
    throw problem("constant '" + name + "' holds " + wrong->second + ", which is not supported");
  const auto found = by_name_.find(name);
  demand(found != by_name_.end(), "nothing produces '" + name + "'");
  return found->second;
}

value_index graph::find(const std::string& name) const {
  const auto v = bound(name);
  const auto& named = at(v);
  const auto same = named.origin == value_origin::alias && at(named.alias_of).shape == named.shape;
  return same ? named.alias_of : v;
}

std::string graph::unique_layer_name(const std::string& name) {
  auto candidate = name;
  while (!layer_names_.emplace(candidate, 1).second)
    candidate = name + '_' + std::to_string(++layer_names_[name]);
  return candidate;
}

std::vector<value_index> graph::add_layer(const std::string& name, const layer_attributes& attributes,
                                          std::vector<value_index> inputs, const std::vector<std::string>& outputs) {
  const auto wanted = roles(attributes);
  std::vector<value_shape> shapes;
  shapes.reserve(inputs.size());
  std::vector<const value_shape*> operands;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i] == none) {
      operands.push_back(nullptr);
      continue;
    }
    const auto& v = at(inputs[i]);
    demand(i >= wanted.size() || !wanted[i].constant || v.origin == value_origin::weight,
           std::string("its ") + (i < wanted.size() ? wanted[i].name : "") + " ('" + v.name + "') must be a constant");
    shapes.push_back(shape_of(v));
    operands.push_back(&shapes.back());
  }
  auto made = infer_shapes(attributes, operands, parts_.symbols);
  if (!made)
    throw problem(made.error());
  layer l;
  l.name = unique_layer_name(name);
  l.attributes = attributes;
  l.inputs = std::move(inputs);
  l.parts = made->parts;
  l.state_bytes = made->state_bytes;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].empty()) {
      l.outputs.push_back(none);
      continue;
    }
    value v;
    v.name = outputs[i];
    v.type = made->outputs[i].type;
    v.shape = std::move(made->outputs[i].shape);
    v.batch_axis = made->outputs[i].batch_axis;
    l.outputs.push_back(add(std::move(v)));
    writer_[l.outputs.back()] = parts_.layers.size();
  }
  parts_.layers.push_back(l);
  return l.outputs;
}

const layer* graph::writer(value_index v) const {
  const auto found = writer_.find(v);
  return found == writer_.end() ? nullptr : &parts_.layers[found->second];
}

value_index graph::view(value_index v, dims shape, const std::string& name) {
  const auto& source = at(v);
  if (const auto wrong = check_shape(shape); !wrong.empty())
    throw problem("its result " + text(shape) + ' ' + wrong);
  demand(elements_of(shape) == elements_of(source.shape),
         text(source.shape) + " and " + text(shape) + " do not have the same number of elements");
  value result;
  result.name = name;
  result.type = source.type;
  result.batch_axis = batch_axis_of_view(shape_of(source), shape);
  result.shape = std::move(shape);
  if (source.origin == value_origin::weight) {
    copied_bytes_ += source.weight.inline_bytes.size();
    demand(copied_bytes_ <= defaults::max_copied_bytes, "the graph reshapes too many constants");
    result.origin = value_origin::weight;
    result.weight = source.weight;
  } else {
    result.origin = value_origin::alias;
    result.alias_of = source.origin == value_origin::alias ? source.alias_of : v;
  }
  const auto view = add(std::move(result));
  if (const auto found = known_.find(v); found != known_.end())
    known_.emplace(view, dims(found->second));
  return view;
}

} // namespace baton::metadata::importer
