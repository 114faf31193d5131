#include "tests/support/reference.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "metadata/numeric.hpp"
#include "tests/support/reference_layers.hpp"

namespace baton::testing {

using namespace metadata;

namespace {

array to_array(const tensor& t) {
  array result(t.shape());
  const auto wide = converted(t, element_type::float64);
  std::copy(wide.as<double>().begin(), wide.as<double>().end(), result.data.begin());
  return result;
}

tensor to_tensor(const array& a, element_type type) {
  tensor wide(element_type::float64, a.shape);
  std::copy(a.data.begin(), a.data.end(), wide.as_mutable<double>().begin());
  return converted(wide, type);
}

/// The layer with its extents as numbers.
layer at_symbols(layer l, const symbol_values& symbols) {
  const auto bind = [&](dim& d) { d = dim(d.bind(symbols)); };
  if (auto* a = std::get_if<slice_layer>(&l.attributes))
    for (auto& r : a->axes)
      bind(r.start);
  if (auto* a = std::get_if<shape_layer>(&l.attributes))
    std::for_each(a->elements.begin(), a->elements.end(), bind);
  return l;
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
  for (const auto& bound : m.layers()) {
    const auto layer = at_symbols(bound, symbols);
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

bool same_bits(std::span<const tensor> a, std::span<const tensor> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const tensor& x, const tensor& y) {
    return x.shape() == y.shape() && x.type() == y.type() && std::memcmp(x.data(), y.data(), x.bytes()) == 0;
  });
}

} // namespace baton::testing
