#include "tests/support/reference.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "tests/support/reference_layers.hpp"

namespace baton::testing {

using namespace metadata;

namespace {

array to_array(const tensor& t) {
  array result(t.shape());
  if (t.type() == element_type::float32)
    std::copy(t.as<float>().begin(), t.as<float>().end(), result.data.begin());
  else
    std::transform(t.as<std::int64_t>().begin(), t.as<std::int64_t>().end(), result.data.begin(),
                   [](std::int64_t i) { return static_cast<double>(i); });
  return result;
}

tensor to_tensor(const array& a, element_type type) {
  tensor result(type, a.shape);
  if (type == element_type::float32)
    std::transform(a.data.begin(), a.data.end(), result.as_mutable<float>().begin(),
                   [](double d) { return static_cast<float>(d); });
  else if (type == element_type::boolean)
    std::transform(a.data.begin(), a.data.end(), result.as_mutable<std::uint8_t>().begin(),
                   [](double d) { return static_cast<std::uint8_t>(d != 0); });
  else
    std::transform(a.data.begin(), a.data.end(), result.as_mutable<std::int64_t>().begin(),
                   [](double d) { return static_cast<std::int64_t>(d); });
  return result;
}

} // namespace

std::vector<tensor> reference_run(const model& m, const symbol_values& symbols, std::span<const tensor> inputs) {
  std::vector<array> values(m.values().size());
  for (std::size_t i = 0; i < inputs.size(); ++i)
    values[m.inputs()[i]] = to_array(inputs[i]);
  for (value_index v = 0; v < m.values().size(); ++v) {
    if (m.values()[v].origin != value_origin::weight)
      continue;
    auto weight = m.read_weight(v);
    if (!weight)
      throw std::runtime_error(weight.error().message);
    values[v] = to_array(*weight);
  }
  auto look = [&](value_index v) {
    array seen = values[m.root(v)];
    seen.shape = m.shape(v, symbols);
    return seen;
  };
  for (const auto& layer : m.layers()) {
    std::vector<array> operands;
    operand_list list;
    operands.reserve(layer.inputs.size());
    for (auto v : layer.inputs) {
      operands.push_back(v == none ? array() : look(v));
      list.push_back(v == none ? nullptr : &operands.back());
    }
    std::vector<std::vector<std::int64_t>> shapes;
    for (auto v : layer.outputs)
      shapes.push_back(v == none ? std::vector<std::int64_t>{} : m.shape(v, symbols));
    auto results = reference_layer(layer.attributes, list, shapes);
    for (std::size_t i = 0; i < layer.outputs.size(); ++i)
      if (layer.outputs[i] != none)
        values[layer.outputs[i]] = results.at(i);
  }
  std::vector<tensor> outputs;
  for (auto v : m.outputs())
    outputs.push_back(to_tensor(look(v), m.values()[v].type));
  return outputs;
}

double relative_difference(const tensor& got, const tensor& wanted) {
  if (got.shape() != wanted.shape() || got.type() != wanted.type())
    return std::numeric_limits<double>::infinity();
  double largest = 0;
  double difference = 0;
  auto a = got.as<float>();
  auto b = wanted.as<float>();
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) || std::isnan(b[i]))
      return std::numeric_limits<double>::infinity();
    largest = std::max(largest, std::abs(static_cast<double>(b[i])));
    difference = std::max(difference, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  }
  return difference / (largest == 0 ? 1 : largest);
}

} // namespace baton::testing
