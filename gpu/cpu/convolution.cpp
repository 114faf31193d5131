#include "gpu/cpu/convolution.hpp"

#include <string_view>

#include "gpu/cpu/layer_builder.hpp"
#include "gpu/failure.hpp"

namespace baton::gpu::cpu {

using dnnl::algorithm;
using dnnl::memory;

convolution::convolution(const layer_view& of, const metadata::conv_layer& layer)
    : source(of.input_shape(conv_x)), weights(of.input_shape(conv_w)), target(of.output_shape()), a(layer),
      has_bias(of.has(conv_b) || layer.has_batch_norm), has_residual(of.has(conv_residual)),
      fixed_weights(of.is_weight(of.input_value(conv_w))) {
  if (weights.size() != 4)
    of.unsupported("weights must have 4 axes");
  channels = weights[0];
  const bool fixed_bias = !of.has(conv_b) || of.is_weight(of.input_value(conv_b));
  if (a.has_batch_norm && !(fixed_weights && fixed_bias))
    of.unsupported("with a batch norm its weights must be constants");
  pads = pads_of(a.pads, a.same, {weights[2], weights[3]}, a.strides, a.dilations, source, target);
  if (a.groups > 1)
    weights = {a.groups, channels / a.groups, weights[1], weights[2], weights[3]};
}

convolution::convolution(const layer_view& of, const metadata::conv_layer& layer, const plan_numbers& numbers)
    : convolution(of, layer) {
  if (!fixed_weights)
    return;
  factors = numbers.factors;
  result = numbers.of(of.what().outputs.at(0));
}

convolution convolution::of_batch(std::int64_t pictures) const {
  auto same = *this;
  same.source[0] = same.target[0] = pictures;
  return same;
}

convolution convolution::of_float32() const {
  auto same = *this;
  same.factors = same.result = number::f32;
  return same;
}

convolution convolution::of_channels(std::int64_t count) const {
  auto same = *this;
  same.channels = same.weights[0] = same.target[1] = count;
  return same;
}

double convolution::flops() const {
  return 2.0 * static_cast<double>(elements_of(target)) * static_cast<double>(elements_of(weights))
         / static_cast<double>(channels);
}

convolution::operation convolution::describe(algorithm by, std::int64_t batch, const layout& how_weights,
                                             memory::format_tag pictures) const {
  auto src = source;
  auto dst = target;
  src[0] = dst[0] = batch;
  const extents strides{a.strides[0], a.strides[1]};
  const extents dilations{a.dilations[0] - 1, a.dilations[1] - 1};
  const layout from(src, factors, pictures);
  const layout to(dst, result, pictures);
  constexpr auto inference = dnnl::prop_kind::forward_inference;
  if (!has_bias)
    return {inference, by, from, how_weights, to, strides, dilations, pads.before, pads.after};
  return {inference, by, from, how_weights, plain_layout({channels}), to, strides, dilations, pads.before, pads.after};
}

convolution::description convolution::first_kernel(const operation& o) const {
  auto attributes = user_scratchpad();
  dnnl::post_ops ops;
  if (has_residual)
    ops.append_sum(1.0F);
  append_activation(ops, a.act);
  attributes.set_post_ops(ops);
  return {o, attributes, cpu_engine()};
}

std::string convolution::text() const {
  const auto narrow = factors == number::bf16;
  std::string words = narrow ? "conv bf16" : "conv f32";
  auto add = [&](const char* name, const auto& numbers) {
    words += std::string(" ") + name;
    for (std::size_t i = 0; i < numbers.size(); ++i)
      words += (i ? "x" : "") + std::to_string(numbers[i]);
  };
  add("x", source);
  add("w", weights);
  add("s", a.strides);
  add("d", a.dilations);
  add("p", pads.before);
  add("q", pads.after);
  words += has_bias ? " bias" : "";
  words += has_residual ? " sum" : "";
  if (a.act.what != metadata::function::none) // not every kernel has every one
    words += " " + std::string(metadata::to_string(a.act.what));
  words += narrow && result == number::f32 ? " to f32" : "";
  return words;
}

void write_weights(const layer_view& of, const convolution& c, std::span<float> to) {
  auto f = fold(of, c.a, c.channels);
  auto tensor = of.read_weight(conv_w);
  auto in = tensor.as<float>();
  const auto count = static_cast<std::size_t>(elements_of(c.weights)); // of some channels, if `c` is a part
  const auto per_channel = count / static_cast<std::size_t>(c.channels);
  for (std::size_t i = 0; i < count; ++i)
    to[i] = static_cast<float>(in[i] * f.factor[i / per_channel]);
}

dnnl::convolution_forward primitive_of(const convolution::description& d) {
  dnnl::convolution_forward made(d);
  const auto* own = made.get_primitive_desc();
  const char* name = nullptr;
  const auto* weights = dnnl_primitive_desc_query_md(own, dnnl_query_weights_md, 0);
  if (dnnl_primitive_desc_query(own, dnnl_query_impl_info_str, 0, static_cast<void*>(&name)) != dnnl_success
      || std::string_view(name) != d.impl_info_str() || !weights || layout(*weights) != d.weights_desc())
    raise(errc::internal, std::string("oneDNN made another kernel of a convolution by ") + d.impl_info_str());
  return made;
}

} // namespace baton::gpu::cpu
