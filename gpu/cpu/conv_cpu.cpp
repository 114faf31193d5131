#include <cmath>
#include <string_view>
#include <vector>

#include "gpu/cpu/kernels.hpp"
#include "gpu/fold.hpp"
#include "gpu/window.hpp"

namespace baton::gpu::cpu {
namespace {

using dnnl::convolution_forward;

constexpr auto x = conv_x;
constexpr auto w = conv_w;
constexpr auto b = conv_b;
constexpr auto residual = conv_residual;

struct problem {
  extents source;
  extents weights; ///< [K, C/G, R, S], or [G, K/G, C/G, R, S] with groups
  extents target;
  std::int64_t channels; ///< K
  const metadata::conv_layer& a;
  window_pads pads;
  bool has_bias;
  bool has_residual;

  convolution_forward::primitive_desc describe(std::int64_t batch, const layout& how_weights) const {
    auto src = source;
    auto dst = target;
    src[0] = dst[0] = batch;
    auto attributes = user_scratchpad();
    dnnl::post_ops ops;
    if (has_residual)
      ops.append_sum(1.0F);
    append_activation(ops, a.act);
    attributes.set_post_ops(ops);
    const extents strides{a.strides[0], a.strides[1]};
    const extents dilations{a.dilations[0] - 1, a.dilations[1] - 1};
    using dnnl::algorithm;
    using dnnl::prop_kind;
    auto d = has_bias ? convolution_forward::desc(prop_kind::forward_inference, algorithm::convolution_direct,
                                                  any_layout(src), how_weights, plain_layout({channels}),
                                                  any_layout(dst), strides, dilations, pads.before, pads.after)
                      : convolution_forward::desc(prop_kind::forward_inference, algorithm::convolution_direct,
                                                  any_layout(src), how_weights, any_layout(dst), strides, dilations,
                                                  pads.before, pads.after);
    return {d, attributes, cpu_engine()};
  }
};

bool is_reference(const convolution_forward::primitive_desc& d) {
  return std::string_view(d.impl_info_str()).find("ref") != std::string_view::npos;
}

/// The weights lie as a batch of one wants them, so that the layout does not depend on which plan was built first: then
/// equal devices make equal kernels. Only if no fast kernel takes them so are they laid out a second time.
convolution_forward::primitive_desc choose(const problem& p) {
  auto single = p.describe(1, any_layout(p.weights));
  if (p.source[0] == 1)
    return single;
  try {
    auto shared = p.describe(p.source[0], single.weights_desc());
    if (!is_reference(shared))
      return shared;
  } catch (const dnnl::error&) {
    // This batch has no kernel for that layout.
  }
  return p.describe(p.source[0], any_layout(p.weights));
}

} // namespace

void build_conv(layer_builder& builder, const metadata::conv_layer& a) {
  auto weights = builder.input_shape(w);
  const auto channels = weights.at(0);
  if (weights.size() != 4)
    builder.unsupported("weights must have 4 axes");
  const auto is_fixed = [&](conv_role which) { return builder.is_weight(builder.input_value(which)); };
  if (a.has_batch_norm && !(is_fixed(w) && (!builder.has(b) || is_fixed(b))))
    builder.unsupported("with a batch norm its weights must be constants");
  const auto pads = pads_of(a.pads, a.same, {weights[2], weights[3]}, a.strides, a.dilations, builder.input_shape(x),
                            builder.output_shape());
  if (a.groups > 1)
    weights = {a.groups, channels / a.groups, weights[1], weights[2], weights[3]};
  const problem p{
      builder.input_shape(x), weights, builder.output_shape(), channels, a, pads, builder.has(b) || a.has_batch_norm,
      builder.has(residual)};
  auto d = choose(p);

  auto source = builder.in_layout(builder.input(x), d.src_desc());
  auto target = builder.output(0, d.dst_desc());
  if (p.has_residual && !builder.update_in_place(0, residual))
    builder.reorder(builder.input(residual), target);
  std::vector<primitive_step::argument> arguments{{DNNL_ARG_SRC, source}, {DNNL_ARG_DST, target}};

  if (!is_fixed(w))
    arguments.push_back({DNNL_ARG_WEIGHTS, builder.in_layout(builder.plain_input(w, weights), d.weights_desc())});
  else
    arguments.push_back(
        {DNNL_ARG_WEIGHTS,
         builder.prepared(weight_role::matrix, d.weights_desc(), plain_layout(weights), [&](std::span<float> out) {
           auto f = fold(builder, a, channels);
           auto tensor = builder.read_weight(w);
           auto in = tensor.as<float>();
           auto per_channel = in.size() / static_cast<std::size_t>(channels);
           for (std::size_t i = 0; i < in.size(); ++i)
             out[i] = static_cast<float>(in[i] * f.factor[i / per_channel]);
         })});
  if (p.has_bias && builder.has(b) && !is_fixed(b))
    arguments.push_back({DNNL_ARG_BIAS, builder.plain_input(b)});
  else if (p.has_bias)
    arguments.push_back({DNNL_ARG_BIAS, builder.prepared(weight_role::bias, d.bias_desc(), plain_layout({channels}),
                                                         [&](std::span<float> out) {
                                                           auto f = fold(builder, a, channels);
                                                           for (std::size_t k = 0; k < out.size(); ++k)
                                                             out[k] = static_cast<float>(f.addend[k]);
                                                         })});
  builder.add(convolution_forward(d), d.scratchpad_desc(), std::move(arguments));
}

} // namespace baton::gpu::cpu
