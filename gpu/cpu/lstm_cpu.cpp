#include <array>
#include <cstring>
#include <optional>
#include <string_view>

#include "gpu/cpu/kernels.hpp"

namespace baton::gpu::cpu {
namespace {

using dnnl::lstm_forward;

enum role : std::size_t { x, w, r, bias, h0, c0 };
enum result : std::size_t { y, y_h, y_c };

/// ONNX has the gates in the order i, o, f, c; oneDNN in i, f, c, o.
constexpr std::array<std::size_t, 4> onnx_gate{0, 2, 3, 1};

lstm_forward::primitive_desc describe(std::int64_t n, std::int64_t in, std::int64_t hidden, const layout& layer,
                                      const layout& iter) {
  auto state = plain_layout({1, 1, n, hidden});
  lstm_forward::desc d(dnnl::prop_kind::forward_inference, dnnl::rnn_direction::unidirectional_left2right,
                       plain_layout({1, n, in}), state, state, layer, iter, plain_layout({1, 1, 4, hidden}),
                       plain_layout({1, n, hidden}), state, state);
  return {d, user_scratchpad(), cpu_engine()};
}

/// The weights lie as a batch of one wants them; see the convolution.
lstm_forward::primitive_desc choose(std::int64_t n, std::int64_t in, std::int64_t hidden) {
  auto layer = any_layout({1, 1, in, 4, hidden});
  auto iter = any_layout({1, 1, hidden, 4, hidden});
  auto single = describe(1, in, hidden, layer, iter);
  if (n == 1)
    return single;
  try {
    auto shared = describe(n, in, hidden, single.weights_layer_desc(), single.weights_iter_desc());
    // Plain weights are run by oneDNN's `ref`; it is the best there is where a batch of one gets it too.
    if (std::string_view(shared.impl_info_str()) == single.impl_info_str())
      return shared;
  } catch (const dnnl::error&) {
    // This batch has no kernel for that layout.
  }
  return describe(n, in, hidden, layer, iter);
}

/// Brings the carried h and c to where the step reads them: the step may not read what it is writing.
class begin_step final : public step {
public:
  std::array<place, 2> state;
  std::array<std::optional<place>, 2> initial;
  std::array<place, 2> current;
  std::size_t bytes = 0;

  void run(const run_context& context) const override {
    const auto& values = context.values;
    for (std::size_t i = 0; i < 2; ++i) {
      if (values.part > 0)
        std::memcpy(values.at(current[i]), values.at(state[i]), bytes);
      else if (initial[i])
        std::memcpy(values.at(current[i]), values.at(*initial[i]), bytes);
      else
        std::memset(values.at(current[i]), 0, bytes);
    }
  }
};

/// After the last step h and c are results.
class end_step final : public step {
public:
  place state;
  place out;
  std::uint32_t last = 0;
  std::size_t bytes = 0;

  void run(const run_context& context) const override {
    if (context.values.part == last)
      std::memcpy(context.values.at(out), context.values.at(state), bytes);
  }
};

/// W or R, [1, 4H, K] in ONNX's gate order, as [1, 1, K, 4, H] in oneDNN's.
void fill_gates(const metadata::tensor& from, std::span<float> to, std::size_t depth, std::size_t hidden) {
  auto in = from.as<float>();
  for (std::size_t k = 0; k < depth; ++k)
    for (std::size_t g = 0; g < 4; ++g)
      for (std::size_t o = 0; o < hidden; ++o)
        to[(k * 4 + g) * hidden + o] = in[(onnx_gate[g] * hidden + o) * depth + k];
}

} // namespace

void build_lstm(layer_builder& b, const metadata::lstm_layer& a) {
  const auto shape = b.input_shape(x);
  if (shape.size() != 3)
    b.unsupported("its operand must have 3 axes");
  const auto steps = shape[0];
  const auto n = shape[1];
  const auto in = shape[2];
  const auto size = [](std::int64_t i) { return static_cast<std::size_t>(i); };
  const auto state_bytes = size(n * a.hidden) * sizeof(float);
  b.set_parts(static_cast<std::uint32_t>(steps), 2 * state_bytes);
  auto d = choose(n, in, a.hidden);

  place h_out{.in = place::space::state};
  place c_out{.in = place::space::state, .offset = state_bytes};
  auto begin = std::make_unique<begin_step>();
  begin->state = {h_out, c_out};
  begin->current = {b.scratch(state_bytes), b.scratch(state_bytes)};
  begin->bytes = state_bytes;
  if (b.has(h0))
    begin->initial[0] = b.plain_place(h0);
  if (b.has(c0))
    begin->initial[1] = b.plain_place(c0);
  auto current = begin->current;
  b.add(std::move(begin));

  auto state = plain_layout({1, 1, n, a.hidden});
  auto gates = [&](weight_role as, role operand_role, std::int64_t depth, const layout& wanted) {
    return b.prepared(as, wanted, plain_layout({1, 1, depth, 4, a.hidden}),
                      [&](std::span<float> to) { fill_gates(b.read(operand_role), to, size(depth), size(a.hidden)); });
  };
  auto bias_layout = plain_layout({1, 1, 4, a.hidden});
  auto biases = b.prepared(weight_role::bias, bias_layout, bias_layout, [&](std::span<float> to) {
    std::fill(to.begin(), to.end(), 0.0F);
    if (!b.has(bias))
      return;
    // W's and R's biases, 4H each, always come as a sum.
    auto tensor = b.read(bias);
    auto from = tensor.as<float>();
    auto hidden = size(a.hidden);
    for (std::size_t g = 0; g < 4; ++g)
      for (std::size_t o = 0; o < hidden; ++o)
        to[g * hidden + o] = from[onnx_gate[g] * hidden + o] + from[(4 + onnx_gate[g]) * hidden + o];
  });
  auto has_output = [&](std::size_t which) {
    return which < b.what().outputs.size() && b.what().outputs[which] != metadata::none;
  };
  auto step_layout = plain_layout({1, n, a.hidden});
  auto y_place = has_output(y) ? b.plain_output(y).at.advancing(state_bytes) : b.scratch(state_bytes);
  auto x_place = b.plain_place(x).advancing(size(n * in) * sizeof(float));
  b.add(lstm_forward(d), d.scratchpad_desc(),
        {{DNNL_ARG_SRC_LAYER, {plain_layout({1, n, in}), x_place}},
         {DNNL_ARG_SRC_ITER, {state, current[0]}},
         {DNNL_ARG_SRC_ITER_C, {state, current[1]}},
         {DNNL_ARG_WEIGHTS_LAYER, gates(weight_role::matrix, w, in, d.weights_layer_desc())},
         {DNNL_ARG_WEIGHTS_ITER, gates(weight_role::recurrent, r, a.hidden, d.weights_iter_desc())},
         {DNNL_ARG_BIAS, biases},
         {DNNL_ARG_DST_LAYER, {step_layout, y_place}},
         {DNNL_ARG_DST_ITER, {state, h_out}},
         {DNNL_ARG_DST_ITER_C, {state, c_out}}});
  for (auto [which, from] : {std::pair{y_h, h_out}, std::pair{y_c, c_out}}) {
    if (!has_output(which))
      continue;
    auto end = std::make_unique<end_step>();
    end->state = from;
    end->out = b.plain_output(which).at;
    end->last = static_cast<std::uint32_t>(steps - 1);
    end->bytes = state_bytes;
    b.add(std::move(end));
  }
}

} // namespace baton::gpu::cpu
