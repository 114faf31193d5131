#include "gpu/cpu/recurrent_cpu.hpp"

namespace baton::gpu::cpu {
namespace {

using dnnl::lstm_forward;

/// ONNX has the gates in the order i, o, f, c; oneDNN in i, f, c, o.
const std::vector<std::size_t> gate_order{0, 2, 3, 1};
/// The peepholes' order is i, o, f in ONNX, and i, f, o in oneDNN.
const std::vector<std::size_t> peephole_order{0, 2, 1};

lstm_forward::primitive_desc describe(const recurrent_extents& e, std::int64_t n, const layout& w, const layout& r,
                                      bool peepholes) {
  const auto state = plain_layout({1, 1, n, e.hidden});
  const auto x = plain_layout({1, n, e.input});
  const auto y = plain_layout({1, n, e.hidden});
  const auto bias = plain_layout({1, 1, 4, e.hidden});
  constexpr auto kind = dnnl::prop_kind::forward_inference;
  constexpr auto way = dnnl::rnn_direction::unidirectional_left2right;
  const auto d = peepholes ? lstm_forward::desc(kind, way, x, state, state, w, r, plain_layout({1, 1, 3, e.hidden}),
                                                bias, y, state, state)
                           : lstm_forward::desc(kind, way, x, state, state, w, r, bias, y, state, state);
  return {d, user_scratchpad(), cpu_engine()};
}

gate_filler fill_peepholes(std::int64_t hidden) {
  return [h = static_cast<std::size_t>(hidden)](const float* from, std::span<float> to) {
    for (std::size_t g = 0; g < peephole_order.size(); ++g)
      std::copy_n(from + peephole_order[g] * h, h, to.begin() + static_cast<std::ptrdiff_t>(g * h));
  };
}

} // namespace

void build_lstm(layer_builder& b, const metadata::lstm_layer& a) {
  const auto e = extents_of(b, a.hidden, a.direction, 4, 2);
  const auto peepholes = b.has(rnn_peepholes);
  if (!peepholes && has_fixed_weights(b))
    return b.numbers().factors == number::f32 ? build_lstm_of_panels(b, e) : build_lstm_of_products(b, e);
  const auto d = choose_recurrent(
      b, e, [&](std::int64_t n, const layout& w, const layout& r) { return describe(e, n, w, r, peepholes); });
  const auto state = plain_layout({1, 1, e.batch, e.hidden});
  build_directions(b, e, [&](const recurrent_places& at) {
    const auto weights = [&](weight_role as, std::size_t role, std::int64_t depth, const layout& wanted) {
      return recurrent_weights(b, at, as, role, wanted, plain_layout({1, 1, depth, 4, e.hidden}),
                               fill_gates(gate_order, depth, e.hidden));
    };
    const auto bias = plain_layout({1, 1, 4, e.hidden});
    std::vector<primitive_step::argument> arguments{
        {DNNL_ARG_SRC_LAYER, {plain_layout({1, e.batch, e.input}), at.x}},
        {DNNL_ARG_SRC_ITER, {state, at.before[0]}},
        {DNNL_ARG_SRC_ITER_C, {state, at.before[1]}},
        {DNNL_ARG_WEIGHTS_LAYER, weights(weight_role::matrix, rnn_w, e.input, d.weights_layer_desc())},
        {DNNL_ARG_WEIGHTS_ITER, weights(weight_role::recurrent, rnn_r, e.hidden, d.weights_iter_desc())},
        {DNNL_ARG_BIAS,
         recurrent_weights(b, at, weight_role::bias, rnn_bias, bias, bias, fill_biases(gate_order, e.hidden))},
        {DNNL_ARG_DST_LAYER, {plain_layout({1, e.batch, e.hidden}), at.y}},
        {DNNL_ARG_DST_ITER, {state, at.after[0]}},
        {DNNL_ARG_DST_ITER_C, {state, at.after[1]}}};
    if (peepholes) {
      const auto how = plain_layout({1, 1, 3, e.hidden});
      arguments.push_back({DNNL_ARG_WEIGHTS_PEEPHOLE, recurrent_weights(b, at, weight_role::peephole, rnn_peepholes,
                                                                        how, how, fill_peepholes(e.hidden))});
    }
    b.add(lstm_forward(d), d.scratchpad_desc(), std::move(arguments));
  });
}

} // namespace baton::gpu::cpu
