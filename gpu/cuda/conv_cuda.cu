#include <optional>

#include "gpu/cuda/activation.hpp"
#include "gpu/cuda/convolution.hpp"
#include "gpu/cuda/kernels.hpp"
#include "gpu/cuda/launch.hpp"
#include "gpu/fold.hpp"
#include "gpu/window.hpp"

namespace baton::gpu::cuda {
namespace {

constexpr auto x = conv_x;
constexpr auto w = conv_w;
constexpr auto b = conv_b;
constexpr auto residual = conv_residual;

std::size_t count_of(const extents& shape) {
  return static_cast<std::size_t>(elements_of(shape));
}

place weights_of(layer_builder& builder, const metadata::conv_layer& a, const extents& shape) {
  if (!builder.is_weight(builder.input_value(w)))
    return builder.input(w);
  return builder.prepared(weight_role::matrix, count_of(shape), [&](std::span<float> out) {
    const auto f = fold(builder, a, shape[0]);
    const auto tensor = builder.read_weight(w);
    const auto in = tensor.as<float>();
    const auto per_channel = in.size() / static_cast<std::size_t>(shape[0]);
    for (std::size_t i = 0; i < in.size(); ++i)
      out[i] = static_cast<float>(in[i] * f.factor[i / per_channel]);
  });
}

/// Always there: the fused call takes one.
place bias_of(layer_builder& builder, const metadata::conv_layer& a, std::int64_t channels) {
  if (builder.has(b) && !builder.is_weight(builder.input_value(b)))
    return builder.input(b);
  return builder.prepared(weight_role::bias, static_cast<std::size_t>(channels), [&](std::span<float> out) {
    const auto f = fold(builder, a, channels);
    for (std::size_t k = 0; k < out.size(); ++k)
      out[k] = static_cast<float>(f.addend[k]);
  });
}

/// Element of the padded input.
struct pad_element {
  std::int64_t height, width, padded_height, padded_width, top, left;
  __host__ __device__ void operator()(std::int64_t i, span<const float> from, span<float> to) const {
    const auto column = i % padded_width - left;
    const auto row = i / padded_width % padded_height - top;
    const auto plane = i / padded_width / padded_height;
    const auto inside = column >= 0 && column < width && row >= 0 && row < height;
    to[i] = inside ? from[(plane * height + row) * width + column] : 0.0F;
  }
};

/// y = act(y + bias + residual), where the library's call does not do it.
struct finish_element {
  std::int64_t channels, inner;
  activation_op act;
  __host__ __device__ void operator()(std::int64_t i, span<const float> bias, span<const float> more,
                                      span<float> y) const {
    const auto sum = y[i] + bias[i / inner % channels];
    y[i] = act(more.empty() ? sum : sum + more[i]);
  }
};

/// cuDNN's pads are even: others are written out.
place padded(layer_builder& builder, const window_pads& pads, conv_problem& p) {
  const auto from = builder.input(x);
  if (pads.before == pads.after) {
    p.pads = {pads.before[0], pads.before[1]};
    return from;
  }
  const auto given = p.source;
  for (std::size_t i = 0; i < 2; ++i)
    p.source[i + 2] += pads.before[i] + pads.after[i];
  const pad_element op{given[2], given[3], p.source[2], p.source[3], pads.before[0], pads.before[1]};
  const auto to = builder.scratch(count_of(p.source) * sizeof(float));
  const auto total = elements_of(p.source);
  builder.add([=, size = count_of(given)](const run_context& c) {
    for_each_index(c.stream(), total, op, c.read<float>(from, size),
                   c.write<float>(to, static_cast<std::size_t>(total)));
  });
  return to;
}

struct conv_operands {
  place source, weights, bias, target;
  std::optional<place> residual;
};

void add_fused(layer_builder& builder, std::shared_ptr<const convolution> conv, const conv_operands& o) {
  builder.add([conv = std::move(conv), o](const run_context& c) {
    const auto& v = c.values;
    constexpr float one = 1;
    const float factor = o.residual ? 1.0F : 0.0F;
    check(cudnnConvolutionBiasActivationForward(
              c.on.dnn(), &one, conv->source.get(), v.at(o.source), conv->weights.get(), v.at(o.weights),
              conv->how.get(), conv->algorithm.how, v.at(conv->workspace), conv->algorithm.workspace, &factor,
              conv->target.get(), v.at(o.residual.value_or(o.target)), conv->bias.get(), v.at(o.bias), conv->act.get(),
              conv->target.get(), v.at(o.target)),
          "cudnnConvolutionBiasActivationForward");
  });
}

void add_plain(layer_builder& builder, std::shared_ptr<const convolution> conv, const conv_operands& o,
               const extents& target, const metadata::activation& act) {
  builder.add([conv = std::move(conv), o](const run_context& c) {
    const auto& v = c.values;
    constexpr float one = 1;
    constexpr float zero = 0;
    check(cudnnConvolutionForward(c.on.dnn(), &one, conv->source.get(), v.at(o.source), conv->weights.get(),
                                  v.at(o.weights), conv->how.get(), conv->algorithm.how, v.at(conv->workspace),
                                  conv->algorithm.workspace, &zero, conv->target.get(), v.at(o.target)),
          "cudnnConvolutionForward");
  });
  const auto count = elements_of(target);
  const finish_element op{target[1], target[2] * target[3], make_activation(act)};
  builder.add([=](const run_context& c) {
    const auto size = static_cast<std::size_t>(count);
    for_each_index(c.stream(), count, op, c.read<float>(o.bias, static_cast<std::size_t>(op.channels)),
                   o.residual ? c.read<float>(*o.residual, size) : span<const float>(), c.write<float>(o.target, size));
  });
}

} // namespace

void build_conv(layer_builder& builder, const metadata::conv_layer& a) {
  conv_problem p{
      builder.input_shape(x), builder.input_shape(w), builder.output_shape(), a.groups, {}, a.strides, a.dilations};
  if (p.weights.size() != 4)
    builder.unsupported("weights must have 4 axes");
  const auto is_fixed = [&](conv_role which) { return builder.is_weight(builder.input_value(which)); };
  if (a.has_batch_norm && !(is_fixed(w) && (!builder.has(b) || is_fixed(b))))
    builder.unsupported("with a batch norm its weights must be constants");
  const auto pads = pads_of(a.pads, a.same, {p.weights[2], p.weights[3]}, a.strides, a.dilations, p.source, p.target);

  conv_operands o;
  o.source = padded(builder, pads, p);
  o.weights = weights_of(builder, a, p.weights);
  o.bias = bias_of(builder, a, p.target[1]);
  if (builder.has(residual))
    o.residual = builder.input(residual);
  o.target = builder.output();

  const auto relu = a.act == metadata::activation::relu;
  auto conv = std::make_shared<const convolution>(builder, p, relu);
  // What the library's fused call takes: see its documentation of the activation.
  const auto fits = relu
                    || (a.act == metadata::activation::none
                        && conv->algorithm.how == CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM);
  if (fits && conv->runs_fused(builder, p))
    add_fused(builder, std::move(conv), o);
  else
    add_plain(builder, std::move(conv), o, p.target, a.act);
}

} // namespace baton::gpu::cuda
