#include "gpu/cpu/convolution.hpp"

#include <algorithm>
#include <string_view>

#include "gpu/cpu/layer_builder.hpp"
#include "gpu/cpu/weights_of_one.hpp"
#include "gpu/defaults.hpp"
#include "gpu/failure.hpp"

namespace baton::gpu::cpu {
namespace {

using dnnl::algorithm;
using dnnl::memory;

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::optional<convolution::description> fast_direct(const convolution& c, const layout& weights,
                                                    memory::format_tag pictures) {
  try {
    auto d = c.first_kernel(c.describe(algorithm::convolution_direct, c.source[0], weights, pictures));
    return is_reference(d) ? std::nullopt : std::optional(d);
  } catch (const dnnl::error&) {
    return std::nullopt; // none for these weights
  }
}

} // namespace

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

conv_kernel direct_kernel(const convolution& c) {
  return {"direct",
          with_weights_of_one(c.source[0] == 1, any_layout(c.weights, c.factors), [&](bool one, const layout& weights) {
            return c.first_kernel(c.describe(algorithm::convolution_direct, one ? 1 : c.source[0], weights));
          })};
}

std::vector<conv_kernel> kernels_for(const convolution& c, const layout& weights) {
  std::vector<conv_kernel> result;
  const auto same = weights.data_type() == c.factors ? c : c.of_float32();
  for (const auto pictures : {memory::format_tag::any, memory::format_tag::nhwc})
    if (auto d = fast_direct(same, weights, pictures))
      result.push_back({(pictures == memory::format_tag::any ? "" : "nhwc/") + std::string(d->impl_info_str()), *d});
  return result;
}

bool is_winograd(const conv_kernel& k) {
  return has(k.name, "wino");
}

bool wants_larger_weights(const conv_kernel& k, const convolution& c) {
  return is_winograd(k) || k.how.weights_desc().data_type() != c.factors;
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

std::vector<conv_kernel> other_kernels(const convolution& c, const conv_kernel& direct, bool exact) {
  std::vector<conv_kernel> result;
  const bool wide = picture_tags().front() == memory::format_tag::nChw16c;
  auto add_all = [&](algorithm by, memory::format_tag pictures, const std::string& prefix) {
    try {
      const auto operation = c.describe(by, c.source[0], any_layout(c.weights, c.factors), pictures);
      auto d = c.first_kernel(operation); // refers to it for what comes next
      for (std::size_t tried = 0; tried < defaults::implementations_tried; ++tried) {
        const std::string_view name = d.impl_info_str();
        const bool same = prefix.empty() && name == direct.how.impl_info_str();
        // Those of narrower vectors than the processor's are the best by chance alone.
        const bool narrow = has(name, "sse") || (wide && has(name, "avx2"));
        if (!same && !is_reference(d) && !narrow && !has(name, "gemm"))
          result.push_back({prefix + std::string(name), d});
        if (!d.next_impl())
          break;
      }
    } catch (const dnnl::error&) {
      // None for this convolution on this processor.
    }
  };
  const bool large = c.of_batch(1).flops() >= defaults::transform_flops;
  if (!exact && c.factors == number::f32 && large)
    add_all(algorithm::convolution_winograd, memory::format_tag::any, "");
  add_all(algorithm::convolution_direct, memory::format_tag::any, "");
  add_all(algorithm::convolution_direct, memory::format_tag::nhwc, "nhwc/");
  if (c.factors == number::f32 || !large)
    return result;
  const auto unnarrowed = c.of_float32();
  const auto first = direct_kernel(unnarrowed);
  result.push_back({"f32/" + first.name, first.how});
  for (const auto& k : other_kernels(unnarrowed, first, exact))
    result.push_back({"f32/" + k.name, k.how});
  return result;
}

} // namespace baton::gpu::cpu
