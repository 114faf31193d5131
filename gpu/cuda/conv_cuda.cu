#include <array>
#include <optional>
#include <string>

#include "gpu/cuda/activation.hpp"
#include "gpu/cuda/convolution.hpp"
#include "gpu/cuda/kernel_trial.hpp"
#include "gpu/cuda/kernels.hpp"
#include "gpu/cuda/launch.hpp"
#include "gpu/cuda/product.hpp"
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

void add_finish(layer_builder& builder, const conv_operands& o, const extents& target,
                const metadata::activation& act) {
  const auto count = elements_of(target);
  const finish_element op{target[1], target[2] * target[3], make_activation(act)};
  builder.add([=](const run_context& c) {
    const auto size = static_cast<std::size_t>(count);
    for_each_index(c.stream(), count, op, c.read<float>(o.bias, static_cast<std::size_t>(op.channels)),
                   o.residual ? c.read<float>(*o.residual, size) : span<const float>(), c.write<float>(o.target, size));
  });
}

void add_plain(layer_builder& builder, std::shared_ptr<const convolution> conv, const conv_operands& o) {
  builder.add([conv = std::move(conv), o](const run_context& c) {
    const auto& v = c.values;
    constexpr float one = 1;
    constexpr float zero = 0;
    check(cudnnConvolutionForward(c.on.dnn(), &one, conv->source.get(), v.at(o.source), conv->weights.get(),
                                  v.at(o.weights), conv->how.get(), conv->algorithm.how, v.at(conv->workspace),
                                  conv->algorithm.workspace, &zero, conv->target.get(), v.at(o.target)),
          "cudnnConvolutionForward");
  });
}

/// Windows of one element, each where it is: a product of the weights and each picture.
bool is_product(const conv_problem& p) {
  constexpr std::array<std::int64_t, 2> ones{1, 1};
  return p.groups == 1 && p.weights[2] == 1 && p.weights[3] == 1 && p.strides == ones && p.pads[0] == 0
         && p.pads[1] == 0;
}

void add_as_product(layer_builder& builder, const conv_problem& p, const conv_operands& o) {
  const auto inner = p.target[2] * p.target[3];
  add_product(builder,
              {.rows = p.weights[0],
               .depth = p.weights[1],
               .columns = inner,
               .batch = {{p.source[0], 0, p.weights[1] * inner, p.weights[0] * inner}}},
              o.weights, o.source, o.target);
}

metadata::kernel_problem name_of(const layer_builder& builder, const conv_problem& p, const metadata::conv_layer& a,
                                 bool adds) {
  std::string name = builder.multiplies() == precision::tf32 ? "convolution tf32" : "convolution fp32";
  const auto append = [&](const char* what, const auto& numbers) {
    name.append(" ").append(what);
    for (auto n : numbers)
      name += ' ' + std::to_string(n);
  };
  append("x", p.source);
  append("w", p.weights);
  append("pads", p.pads);
  append("strides", p.strides);
  append("dilations", p.dilations);
  append("groups", std::array{p.groups});
  name += a.act == metadata::activation::none ? "" : a.act == metadata::activation::relu ? " relu" : " activation";
  name += adds ? " residual" : "";
  return {builder.card(), "cudnn " + std::to_string(cudnnGetVersion()), std::move(name)};
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
  std::vector<kernel_way> ways;
  for (const auto& by : conv_algorithms(builder.multiplies()))
    ways.push_back({std::to_string(by.how) + ' ' + std::to_string(by.math), [&, by] {
                      auto conv = std::make_shared<const convolution>(builder, p, relu, by);
                      // What the library's fused call takes: see its documentation of the activation.
                      const auto fits = relu
                                        || (a.act == metadata::activation::none
                                            && by.how == CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM);
                      if (fits && conv->runs_fused(builder, p))
                        return add_fused(builder, std::move(conv), o);
                      add_plain(builder, std::move(conv), o);
                      add_finish(builder, o, p.target, a.act);
                    }});
  if (is_product(p))
    ways.push_back({"product", [&] {
                      add_as_product(builder, p, o);
                      add_finish(builder, o, p.target, a.act);
                    }});
  add_fastest(builder, name_of(builder, p, a, o.residual.has_value()), ways);
}

} // namespace baton::gpu::cuda
