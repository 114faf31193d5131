#include "metadata/importer/graph.hpp"

#include <cstring>
#include <fstream>
#include <utility>

#include "metadata/defaults.hpp"
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

void graph::add_constant(const tensor_entry& entry, const std::string& name) {
  const auto type = entry.type();
  if (!type) {
    demand(unusable_.insert(name).second, "two values are called '" + name + "'");
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

value_index graph::add_integers(const std::string& name, dims shape, const std::vector<std::int64_t>& elements) {
  value v;
  v.name = name;
  v.type = element_type::int64;
  v.shape = std::move(shape);
  v.origin = value_origin::weight;
  const auto bytes = std::as_bytes(std::span(elements));
  v.weight.inline_bytes.assign(bytes.begin(), bytes.end());
  v.weight.bytes = bytes.size();
  return add(std::move(v));
}

value_index graph::add_floats(const std::string& name, dims shape, const std::vector<float>& elements) {
  value v;
  v.name = name;
  v.shape = std::move(shape);
  v.origin = value_origin::weight;
  const auto bytes = std::as_bytes(std::span(elements));
  v.weight.inline_bytes.assign(bytes.begin(), bytes.end());
  v.weight.bytes = bytes.size();
  return add(std::move(v));
}

value_index graph::bound(const std::string& name) const {
  demand(!unusable_.contains(name), "constant '" + name + "' has an element type other than float32 and int64");
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
  return add(std::move(result));
}

std::vector<std::int64_t> graph::integers(value_index v) const {
  const auto& constant = at(v);
  demand(constant.origin == value_origin::weight, "'" + constant.name + "' must be a constant");
  const auto width = size_of(constant.type);
  demand(constant.type == element_type::int64 || constant.type == element_type::int32
             || constant.type == element_type::boolean,
         "'" + constant.name + "' must hold integers");
  demand(constant.shape.size() <= 1 && constant.weight.bytes <= defaults::max_listed * width,
         "'" + constant.name + "' must be a short list");
  auto bytes = constant.weight.inline_bytes;
  if (!constant.weight.file.empty()) {
    bytes.resize(constant.weight.bytes);
    std::ifstream file(constant.weight.file, std::ios::binary);
    file.seekg(static_cast<std::streamoff>(constant.weight.offset));
    file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!file)
      throw problem("cannot read constant '" + constant.name + "' from " + constant.weight.file.string(), errc::io);
  }
  std::vector<std::int64_t> elements;
  for (std::size_t at = 0; at < bytes.size(); at += width) {
    std::uint64_t element = 0; // little-endian, as the file
    std::memcpy(&element, bytes.data() + at, width);
    elements.push_back(width == sizeof(std::int32_t) ? static_cast<std::int32_t>(element)
                                                     : static_cast<std::int64_t>(element));
  }
  return elements;
}

} // namespace baton::metadata::importer
