#include "tests/support/model_builder.hpp"

#include <cmath>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <utility>

namespace baton::testing {

using namespace metadata;

namespace {

template <class T>
std::vector<std::byte> bytes_of(const std::vector<T>& elements) {
  std::vector<std::byte> bytes(elements.size() * sizeof(T));
  if (!bytes.empty())
    std::memcpy(bytes.data(), elements.data(), bytes.size());
  return bytes;
}

value constant_value(std::string name, element_type type, const std::vector<std::int64_t>& shape,
                     std::vector<std::byte> bytes) {
  value v;
  v.name = std::move(name);
  v.type = type;
  v.shape.assign(shape.begin(), shape.end());
  v.origin = value_origin::weight;
  v.weight.bytes = bytes.size();
  v.weight.inline_bytes = std::move(bytes);
  return v;
}

std::int64_t fixed(const dim& extent) {
  if (const auto constant = extent.constant())
    return *constant;
  throw std::logic_error("a weight needs a constant extent here");
}

/// Keeps the variance of what flows through.
float spread_of(std::int64_t fan_in) {
  return std::sqrt(3.0F / static_cast<float>(fan_in));
}

} // namespace

model_builder::model_builder(std::string name, std::uint64_t seed) : random_(seed) {
  parts_.name = std::move(name);
}

dim model_builder::symbol(const std::string& name) {
  parts_.symbols.push_back(name);
  return dim::symbol(static_cast<std::uint32_t>(parts_.symbols.size() - 1));
}

value_index model_builder::input(const std::string& name, dims shape, element_type type) {
  value v;
  v.name = name;
  v.type = type;
  v.origin = value_origin::input;
  if (!shape.empty() && shape[0].as_symbol() == 0U)
    v.batch_axis = 0;
  v.shape = std::move(shape);
  parts_.values.push_back(std::move(v));
  parts_.inputs.push_back(static_cast<value_index>(parts_.values.size() - 1));
  return parts_.inputs.back();
}

value_index model_builder::weight(const std::vector<std::int64_t>& shape, float spread, float center) {
  std::size_t count = 1;
  for (const auto extent : shape)
    count *= static_cast<std::size_t>(extent);
  std::vector<float> elements(count);
  for (auto& e : elements) // not std::uniform_real_distribution: its results differ between libraries
    e = center + spread * (static_cast<float>(random_() >> 40) / static_cast<float>(1 << 23) - 1.0F);
  const auto name = "weight_" + std::to_string(parts_.values.size());
  parts_.values.push_back(constant_value(name, element_type::float32, shape, bytes_of(elements)));
  return static_cast<value_index>(parts_.values.size() - 1);
}

value_index model_builder::integers(const std::vector<std::int64_t>& shape, const std::vector<std::int64_t>& elements) {
  const auto name = "integers_" + std::to_string(parts_.values.size());
  parts_.values.push_back(constant_value(name, element_type::int64, shape, bytes_of(elements)));
  return static_cast<value_index>(parts_.values.size() - 1);
}

std::vector<value_index> model_builder::layer(const layer_attributes& attributes, std::vector<value_index> inputs,
                                              const std::vector<bool>& wanted) {
  std::vector<std::optional<value_shape>> shapes;
  for (const auto v : inputs) {
    shapes.emplace_back();
    if (v != none)
      shapes.back() = value_shape{parts_.values[v].type, parts_.values[v].shape, parts_.values[v].batch_axis};
  }
  std::vector<const value_shape*> operands;
  operands.reserve(shapes.size());
  for (const auto& s : shapes)
    operands.push_back(s ? &*s : nullptr);
  const auto made = infer_shapes(attributes, operands, parts_.symbols);
  if (!made)
    throw std::logic_error(std::string(kind_name(attributes)) + ": " + made.error());
  metadata::layer l;
  l.name = std::string(kind_name(attributes)) + '_' + std::to_string(parts_.layers.size());
  l.attributes = attributes;
  l.inputs = std::move(inputs);
  l.parts = made->parts;
  l.state_bytes = made->state_bytes;
  for (std::size_t i = 0; i < made->outputs.size(); ++i) {
    if (i < wanted.size() && !wanted[i]) {
      l.outputs.push_back(none);
      continue;
    }
    value v;
    v.name = l.name + (made->outputs.size() > 1 ? "/" + std::to_string(i) : "");
    v.type = made->outputs[i].type;
    v.shape = made->outputs[i].shape;
    v.batch_axis = made->outputs[i].batch_axis;
    parts_.values.push_back(std::move(v));
    l.outputs.push_back(static_cast<value_index>(parts_.values.size() - 1));
  }
  parts_.layers.push_back(std::move(l));
  return parts_.layers.back().outputs;
}

value_index model_builder::conv(value_index x, const conv_options& o) {
  conv_layer a;
  a.strides = o.strides;
  a.pads = o.pads;
  a.dilations = o.dilations;
  a.groups = o.groups;
  a.act = o.relu ? activation::relu : activation::none;
  a.has_batch_norm = o.batch_norm;
  const auto per_group = fixed(shape(x)[1]) / o.groups;
  const auto w =
      weight({o.channels, per_group, o.kernel[0], o.kernel[1]}, spread_of(per_group * o.kernel[0] * o.kernel[1]));
  std::vector<value_index> inputs{x, w, o.bias ? weight({o.channels}, 0.1F) : none, o.residual};
  if (o.batch_norm) {
    inputs.push_back(weight({o.channels}, 0.2F, 1.0F));
    inputs.push_back(weight({o.channels}, 0.1F));
    inputs.push_back(weight({o.channels}, 0.1F));
    inputs.push_back(weight({o.channels}, 0.5F, 1.0F));
  }
  return layer(a, std::move(inputs))[0];
}

value_index model_builder::batch_norm(value_index x, bool relu) {
  const auto c = fixed(shape(x)[1]);
  const auto scale = weight({c}, 0.2F, 1.0F);
  const auto bias = weight({c}, 0.1F);
  const auto mean = weight({c}, 0.1F);
  const auto variance = weight({c}, 0.5F, 1.0F);
  return layer(batch_norm_layer{1e-5F, relu ? activation::relu : activation::none},
               {x, scale, bias, mean, variance})[0];
}

value_index model_builder::relu(value_index x) {
  return layer(unary_layer{activation::relu}, {x})[0];
}

value_index model_builder::pool(value_index x, const pool_layer& attributes) {
  return layer(attributes, {x})[0];
}

value_index model_builder::max_pool(value_index x, std::int64_t kernel, std::int64_t stride, std::int64_t pad) {
  pool_layer a;
  a.kernel = {kernel, kernel};
  a.strides = {stride, stride};
  a.pads = {pad, pad, pad, pad};
  return pool(x, a);
}

value_index model_builder::global_average_pool(value_index x) {
  return layer(global_average_pool_layer{}, {x})[0];
}

value_index model_builder::linear(value_index x, std::int64_t features, bool relu, bool transposed_weight, bool bias) {
  const auto depth = fixed(shape(x).back());
  linear_layer a;
  a.transposed_weight = transposed_weight;
  a.act = relu ? activation::relu : activation::none;
  const auto w =
      weight(transposed_weight ? std::vector{features, depth} : std::vector{depth, features}, spread_of(depth));
  const auto b = bias ? weight({features}, 0.1F) : none;
  return layer(a, {x, w, b})[0];
}

value_index model_builder::matmul(value_index a, value_index b, const matmul_layer& attributes) {
  return layer(attributes, {a, b})[0];
}

value_index model_builder::add(const std::vector<value_index>& operands, bool relu) {
  auto sum = operands.at(0);
  for (std::size_t i = 1; i < operands.size(); ++i) {
    const auto last = relu && i + 1 == operands.size();
    sum = binary(binary_layer::kind::add, sum, operands[i], last ? activation::relu : activation::none);
  }
  return sum;
}

value_index model_builder::binary(binary_layer::kind op, value_index a, value_index b, const activation& act) {
  return layer(binary_layer{op, act}, {a, b})[0];
}

value_index model_builder::softmax(value_index x, std::uint32_t axis, bool flatten) {
  return layer(softmax_layer{axis, flatten}, {x})[0];
}

value_index model_builder::gather(value_index data, value_index indices, std::uint32_t axis) {
  return layer(gather_layer{axis}, {data, indices})[0];
}

value_index model_builder::transpose(value_index x, const std::vector<std::uint32_t>& permutation) {
  return layer(transpose_layer{permutation}, {x})[0];
}

std::vector<value_index> model_builder::lstm(value_index x, const lstm_options& o) {
  const auto h = o.hidden;
  const auto d = directions_of(o.direction);
  const auto w = weight({d, 4 * h, fixed(shape(x)[2])}, spread_of(fixed(shape(x)[2])));
  const auto r = weight({d, 4 * h, h}, spread_of(h));
  const auto b = o.bias ? weight({d, 8 * h}, 0.1F) : none;
  std::vector<value_index> inputs{x, w, r, b, o.h0, o.c0};
  if (o.peepholes)
    inputs.push_back(weight({d, 3 * h}, 0.5F));
  return layer(lstm_layer{h, o.direction}, std::move(inputs), std::vector<bool>(o.wanted.begin(), o.wanted.end()));
}

std::vector<value_index> model_builder::gru(value_index x, const rnn_options& o) {
  return one_state(gru_layer{o.hidden, o.direction, o.linear_before_reset}, 3, x, o);
}

std::vector<value_index> model_builder::rnn(value_index x, const rnn_options& o) {
  return one_state(rnn_layer{o.hidden, o.direction, o.act}, 1, x, o);
}

std::vector<value_index> model_builder::one_state(const layer_attributes& attributes, std::int64_t gates, value_index x,
                                                  const rnn_options& o) {
  const auto rows = gates * o.hidden;
  const auto d = directions_of(o.direction);
  const auto w = weight({d, rows, fixed(shape(x)[2])}, spread_of(fixed(shape(x)[2])));
  const auto r = weight({d, rows, o.hidden}, spread_of(o.hidden));
  const auto b = o.bias ? weight({d, 2 * rows}, 0.1F) : none;
  return layer(attributes, {x, w, r, b, o.h0}, std::vector<bool>(o.wanted.begin(), o.wanted.end()));
}

value_index model_builder::copy(value_index x) {
  return layer(copy_layer{}, {x})[0];
}

value_index model_builder::view(value_index x, dims shape) {
  const auto& source = parts_.values[x];
  value v;
  v.name = source.name + "/view_" + std::to_string(parts_.values.size());
  v.type = source.type;
  v.batch_axis = batch_axis_of_view({source.type, source.shape, source.batch_axis}, shape);
  v.shape = std::move(shape);
  v.origin = value_origin::alias;
  v.alias_of = source.origin == value_origin::alias ? source.alias_of : x;
  parts_.values.push_back(std::move(v));
  return static_cast<value_index>(parts_.values.size() - 1);
}

model_builder& model_builder::output(value_index v, const std::string& name) {
  if (!name.empty())
    parts_.values[v].name = name;
  parts_.outputs.push_back(v);
  return *this;
}

model_ptr model_builder::build() const {
  auto made = try_build();
  if (!made)
    throw std::logic_error(made.error().message);
  return *made;
}

value_index image(model_builder& b, const dim& n, std::int64_t c, std::int64_t h, std::int64_t w) {
  return b.input("x", {n, c, h, w});
}

} // namespace baton::testing
