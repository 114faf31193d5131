#include "gpu/cpu/recurrent_cpu.hpp"

/// GRU and the plain RNN: one carried state.
namespace baton::gpu::cpu {
namespace {

/// The gates are in the order z, r, h for ONNX as for oneDNN.
const std::vector<std::size_t> gru_order{0, 1, 2};
const std::vector<std::size_t> rnn_order{0};

/// One kind of cell, whose primitive `Forward` takes one state. `bias_gates` is more than `gates` where the recurrent
/// bias of the last one stands apart.
template <class Forward, class Describe>
void build_one_state(layer_builder& b, const recurrent_extents& e, const std::vector<std::size_t>& order,
                     std::int64_t bias_gates, Describe describe) {
  const auto layouts = [&](std::int64_t n, const layout& w, const layout& r) {
    const auto state = plain_layout({1, 1, n, e.hidden});
    return typename Forward::primitive_desc(describe(plain_layout({1, n, e.input}), state, w, r,
                                                     plain_layout({1, 1, bias_gates, e.hidden}),
                                                     plain_layout({1, n, e.hidden})),
                                            user_scratchpad(), cpu_engine());
  };
  const auto d = choose_recurrent(b, e, layouts);
  const auto state = plain_layout({1, 1, e.batch, e.hidden});
  build_directions(b, e, [&](const recurrent_places& at) {
    const auto weights = [&](weight_role as, std::size_t role, std::int64_t depth, const layout& wanted) {
      return recurrent_weights(b, at, as, role, wanted, plain_layout({1, 1, depth, e.gates, e.hidden}),
                               fill_gates(order, depth, e.hidden));
    };
    const auto bias = plain_layout({1, 1, bias_gates, e.hidden});
    const auto biases = fill_biases(order, e.hidden, bias_gates > e.gates);
    b.add(Forward(d), d.scratchpad_desc(),
          {{DNNL_ARG_SRC_LAYER, {plain_layout({1, e.batch, e.input}), at.x}},
           {DNNL_ARG_SRC_ITER, {state, at.before[0]}},
           {DNNL_ARG_WEIGHTS_LAYER, weights(weight_role::matrix, rnn_w, e.input, d.weights_layer_desc())},
           {DNNL_ARG_WEIGHTS_ITER, weights(weight_role::recurrent, rnn_r, e.hidden, d.weights_iter_desc())},
           {DNNL_ARG_BIAS, recurrent_weights(b, at, weight_role::bias, rnn_bias, bias, bias, biases)},
           {DNNL_ARG_DST_LAYER, {plain_layout({1, e.batch, e.hidden}), at.y}},
           {DNNL_ARG_DST_ITER, {state, at.after[0]}}});
  });
}

constexpr auto inference = dnnl::prop_kind::forward_inference;
constexpr auto one_way = dnnl::rnn_direction::unidirectional_left2right;

dnnl::algorithm algorithm_of(metadata::function f) {
  using enum metadata::function;
  return f == tanh   ? dnnl::algorithm::eltwise_tanh
         : f == relu ? dnnl::algorithm::eltwise_relu
                     : dnnl::algorithm::eltwise_logistic;
}

} // namespace

void build_gru(layer_builder& b, const metadata::gru_layer& a) {
  const auto e = extents_of(b, a.hidden, a.direction, 3, 1);
  const auto describe = [](auto make) {
    return [make](const layout& x, const layout& state, const layout& w, const layout& r, const layout& bias,
                  const layout& y) { return make(inference, one_way, x, state, w, r, bias, y, state); };
  };
  if (a.linear_before_reset)
    build_one_state<dnnl::lbr_gru_forward>(
        b, e, gru_order, 4, describe([](const auto&... given) { return dnnl::lbr_gru_forward::desc(given...); }));
  else
    build_one_state<dnnl::gru_forward>(
        b, e, gru_order, 3, describe([](const auto&... given) { return dnnl::gru_forward::desc(given...); }));
}

void build_rnn(layer_builder& b, const metadata::rnn_layer& a) {
  const auto e = extents_of(b, a.hidden, a.direction, 1, 1);
  build_one_state<dnnl::vanilla_rnn_forward>(
      b, e, rnn_order, 1,
      [how = algorithm_of(a.act)](const layout& x, const layout& state, const layout& w, const layout& r,
                                  const layout& bias, const layout& y) {
        return dnnl::vanilla_rnn_forward::desc(inference, how, one_way, x, state, w, r, bias, y, state);
      });
}

} // namespace baton::gpu::cpu
