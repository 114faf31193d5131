#include <cmath>
#include <optional>
#include <ranges>

#include "gpu/cuda/activation.hpp"
#include "gpu/cuda/conv_algorithm.hpp"
#include "gpu/cuda/defaults.hpp"
#include "gpu/cuda/kernels.hpp"
#include "gpu/cuda/launch.hpp"
#include "gpu/window.hpp"

namespace baton::gpu::cuda {
namespace {

enum role : std::size_t { x, w, b, residual, scale, shift, mean, variance };

int number(std::int64_t i) {
  return static_cast<int>(i);
}

std::size_t count_of(const extents& shape) {
  return static_cast<std::size_t>(elements_of(shape));
}

/// The convolution as cuDNN describes it: even pads, no residual yet.
struct conv_problem {
  extents source;
  extents weights; ///< [K, C/G, R, S]
  extents target;
  std::int64_t groups = 1;
  std::array<std::int64_t, 2> pads{};
  std::array<std::int64_t, 2> strides{};
  std::array<std::int64_t, 2> dilations{};

  /// Names it for the table of algorithms.
  std::string text() const {
    std::string result = "g" + std::to_string(groups);
    const auto append = [&](const auto& numbers) {
      result += ';';
      for (auto n : numbers)
        result += std::to_string(n) + ',';
    };
    append(source);
    append(weights);
    append(pads);
    append(strides);
    append(dilations);
    return result;
  }
};

void describe(tensor_descriptor& d, const extents& shape) {
  check(cudnnCreateTensorDescriptor(d.put()), "cudnnCreateTensorDescriptor");
  check(cudnnSetTensor4dDescriptor(d.get(), CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, number(shape[0]), number(shape[1]),
                                   number(shape[2]), number(shape[3])),
        "cudnnSetTensor4dDescriptor");
}

/// Descriptors of one convolution and how it is run. Immutable once an algorithm is chosen.
struct convolution {
  tensor_descriptor source;
  tensor_descriptor target;
  tensor_descriptor bias;
  filter_descriptor weights;
  convolution_descriptor how;
  activation_descriptor act;
  conv_algorithm algorithm;
  place workspace;

  convolution(const conv_problem& p, bool relu) {
    describe(source, p.source);
    describe(target, p.target);
    describe(bias, {1, p.target[1], 1, 1});
    check(cudnnCreateFilterDescriptor(weights.put()), "cudnnCreateFilterDescriptor");
    check(cudnnSetFilter4dDescriptor(weights.get(), CUDNN_DATA_FLOAT, CUDNN_TENSOR_NCHW, number(p.weights[0]),
                                     number(p.weights[1]), number(p.weights[2]), number(p.weights[3])),
          "cudnnSetFilter4dDescriptor");
    check(cudnnCreateConvolutionDescriptor(how.put()), "cudnnCreateConvolutionDescriptor");
    check(cudnnSetConvolution2dDescriptor(how.get(), number(p.pads[0]), number(p.pads[1]), number(p.strides[0]),
                                          number(p.strides[1]), number(p.dilations[0]), number(p.dilations[1]),
                                          CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT),
          "cudnnSetConvolution2dDescriptor");
    check(cudnnSetConvolutionGroupCount(how.get(), number(p.groups)), "cudnnSetConvolutionGroupCount");
    check(cudnnCreateActivationDescriptor(act.put()), "cudnnCreateActivationDescriptor");
    check(cudnnSetActivationDescriptor(act.get(), relu ? CUDNN_ACTIVATION_RELU : CUDNN_ACTIVATION_IDENTITY,
                                       CUDNN_NOT_PROPAGATE_NAN, 0.0),
          "cudnnSetActivationDescriptor");
  }

  void set_math(cudnnMathType_t math) const {
    check(cudnnSetConvolutionMathType(how.get(), math), "cudnnSetConvolutionMathType");
  }
};

conv_algorithms& known_algorithms() {
  static conv_algorithms known;
  return known;
}

/// The first of `results` that runs with float32 alone. The search tries other ways to multiply too, whatever the
/// descriptor says; what such a one needs of workspace without them must be asked.
template <class Results>
std::optional<conv_algorithm> full_precision(layer_builder& builder, const convolution& c, Results results,
                                             std::size_t most) {
  for (const auto wanted : {CUDNN_FMA_MATH, CUDNN_DEFAULT_MATH})
    for (const auto& r : results) {
      std::size_t workspace = 0;
      if (r.mathType == wanted
          && cudnnGetConvolutionForwardWorkspaceSize(builder.on().dnn(), c.source.get(), c.weights.get(), c.how.get(),
                                                     c.target.get(), r.algo, &workspace)
                 == CUDNN_STATUS_SUCCESS
          && workspace <= most)
        return conv_algorithm{r.algo, CUDNN_FMA_MATH, workspace};
    }
  return std::nullopt;
}

/// Runs every algorithm of the library on memory of its own. Throws `failure`; `out_of_memory` if there is no room.
conv_algorithm search(layer_builder& builder, const convolution& c, const conv_problem& p, std::size_t workspace) {
  const auto from = builder.temporary(count_of(p.source) * sizeof(float));
  const auto weights = builder.temporary(count_of(p.weights) * sizeof(float));
  const auto to = builder.temporary(count_of(p.target) * sizeof(float));
  const auto work = builder.temporary(workspace);
  const auto stream = builder.on().stream();
  for (const auto* memory : {&from, &weights}) // what fresh memory holds could be slow to compute with
    check(cudaMemsetAsync(memory->data(), 0, memory->bytes(), stream), "cudaMemsetAsync");
  std::array<cudnnConvolutionFwdAlgoPerf_t, CUDNN_CONVOLUTION_FWD_ALGO_COUNT> results{};
  int found = 0;
  check(cudnnFindConvolutionForwardAlgorithmEx(builder.on().dnn(), c.source.get(), from.data(), c.weights.get(),
                                               weights.data(), c.how.get(), c.target.get(), to.data(),
                                               static_cast<int>(results.size()), &found, results.data(), work.data(),
                                               workspace),
        "cudnnFindConvolutionForwardAlgorithmEx");
  builder.on().drain();                                                         // the memory goes now
  const auto tried = std::span(results).first(static_cast<std::size_t>(found)); // the fastest first
  const auto usable = [](const auto& r) {
    return r.status == CUDNN_STATUS_SUCCESS && r.determinism == CUDNN_DETERMINISTIC;
  };
  if (builder.allows_tf32()) {
    for (const auto& r : tried)
      if (usable(r) && r.memory <= workspace)
        return {r.algo, r.mathType, r.memory};
  } else if (auto full = full_precision(builder, c, tried | std::views::filter(usable), workspace)) {
    return *full;
  }
  builder.unsupported("cuDNN has no algorithm for this convolution");
}

conv_algorithm choose(layer_builder& builder, const convolution& c, const conv_problem& p) {
  const auto problem = builder.card() + ";cudnn " + std::to_string(cudnnGetVersion())
                       + (builder.allows_tf32() ? ";tf32;" : ";fp32;") + p.text();
  c.set_math(builder.allows_tf32() ? CUDNN_DEFAULT_MATH : CUDNN_FMA_MATH);
  return known_algorithms().find(problem, [&] {
    for (auto workspace = defaults::convolution_workspace; workspace > defaults::scratch_alignment; workspace /= 16)
      try {
        return search(builder, c, p, workspace);
      } catch (const failure& f) {
        if (f.why().code != errc::out_of_memory)
          throw;
      }
    return search(builder, c, p, defaults::scratch_alignment);
  });
}

/// Per output channel: what the weights are multiplied with and what is added, with the batch norm folded in.
struct folded {
  std::vector<double> factor;
  std::vector<double> addend;
};

folded fold(const layer_builder& builder, const metadata::conv_layer& a, std::size_t channels) {
  folded f{std::vector<double>(channels, 1.0), std::vector<double>(channels, 0.0)};
  if (builder.has(b) && builder.is_weight(builder.input_value(b))) {
    const auto bias = builder.read_weight(b);
    const auto numbers = bias.as<float>();
    f.addend.assign(numbers.begin(), numbers.end());
  }
  if (!a.has_batch_norm)
    return f;
  const auto scales = builder.read_weight(scale);
  const auto shifts = builder.read_weight(shift);
  const auto means = builder.read_weight(mean);
  const auto variances = builder.read_weight(variance);
  for (std::size_t k = 0; k < channels; ++k) {
    f.factor[k] = scales.as<float>()[k] / std::sqrt(static_cast<double>(variances.as<float>()[k]) + a.epsilon);
    f.addend[k] = (f.addend[k] - means.as<float>()[k]) * f.factor[k] + shifts.as<float>()[k];
  }
  return f;
}

place weights_of(layer_builder& builder, const metadata::conv_layer& a, const extents& shape) {
  if (!builder.is_weight(builder.input_value(w)))
    return builder.input(w);
  return builder.prepared(weight_role::matrix, count_of(shape), [&](std::span<float> out) {
    const auto f = fold(builder, a, static_cast<std::size_t>(shape[0]));
    const auto tensor = builder.read_weight(w);
    const auto in = tensor.as<float>();
    const auto per_channel = in.size() / static_cast<std::size_t>(shape[0]);
    for (std::size_t i = 0; i < in.size(); ++i)
      out[i] = static_cast<float>(in[i] * f.factor[i / per_channel]);
  });
}

/// Always there: the fused call takes one.
place bias_of(layer_builder& builder, const metadata::conv_layer& a, std::size_t channels) {
  if (builder.has(b) && !builder.is_weight(builder.input_value(b)))
    return builder.input(b);
  return builder.prepared(weight_role::bias, channels, [&](std::span<float> out) {
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
  const auto is_fixed = [&](role which) { return builder.is_weight(builder.input_value(which)); };
  if (a.has_batch_norm && !(is_fixed(w) && (!builder.has(b) || is_fixed(b))))
    builder.unsupported("with a batch norm its weights must be constants");
  const auto pads = pads_of(a.pads, a.same, {p.weights[2], p.weights[3]}, a.strides, a.dilations, p.source, p.target);

  conv_operands o;
  o.source = padded(builder, pads, p);
  o.weights = weights_of(builder, a, p.weights);
  o.bias = bias_of(builder, a, static_cast<std::size_t>(p.target[1]));
  if (builder.has(residual))
    o.residual = builder.input(residual);
  o.target = builder.output();

  const auto relu = a.act == metadata::activation::relu;
  auto conv = std::make_shared<convolution>(p, relu);
  conv->algorithm = choose(builder, *conv, p);
  conv->set_math(conv->algorithm.math);
  conv->workspace = builder.scratch(std::max<std::size_t>(conv->algorithm.workspace, 1));
  // What the library's fused call takes: see its documentation of the activation.
  const auto fits = relu
                    || (a.act == metadata::activation::none
                        && conv->algorithm.how == CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM);
  if (fits)
    add_fused(builder, std::move(conv), o);
  else
    add_plain(builder, std::move(conv), o, p.target, a.act);
}

} // namespace baton::gpu::cuda
