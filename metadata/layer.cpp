#include "metadata/layer.hpp"

namespace baton::metadata {

namespace {

struct namer {
  std::string_view operator()(const conv_layer&) const { return "conv"; }
  std::string_view operator()(const batch_norm_layer&) const { return "batch_norm"; }
  std::string_view operator()(const pool_layer& a) const {
    return a.mode == pool_layer::kind::max ? "max_pool" : "average_pool";
  }
  std::string_view operator()(const global_average_pool_layer&) const { return "global_average_pool"; }
  std::string_view operator()(const linear_layer&) const { return "linear"; }
  std::string_view operator()(const matmul_layer&) const { return "matmul"; }
  std::string_view operator()(const softmax_layer& a) const { return a.logarithm ? "log_softmax" : "softmax"; }
  std::string_view operator()(const gather_layer&) const { return "gather"; }
  std::string_view operator()(const transpose_layer&) const { return "transpose"; }
  std::string_view operator()(const lstm_layer&) const { return "lstm"; }
  std::string_view operator()(const copy_layer&) const { return "copy"; }
  std::string_view operator()(const binary_layer& a) const {
    constexpr std::array names{"add", "subtract", "multiply", "divide", "power"};
    return names[static_cast<std::size_t>(a.op)];
  }
  std::string_view operator()(const unary_layer& a) const { return to_string(a.f.what); }
  std::string_view operator()(const cast_layer&) const { return "cast"; }
  std::string_view operator()(const concat_layer&) const { return "concat"; }
  std::string_view operator()(const expand_layer&) const { return "expand"; }
  std::string_view operator()(const slice_layer&) const { return "slice"; }
  std::string_view operator()(const pad_layer&) const { return "pad"; }
  std::string_view operator()(const reduce_mean_layer&) const { return "reduce_mean"; }
  std::string_view operator()(const shape_layer&) const { return "shape"; }
  std::string_view operator()(const global_max_pool_layer&) const { return "global_max_pool"; }
  std::string_view operator()(const lrn_layer&) const { return "lrn"; }
  std::string_view operator()(const gru_layer&) const { return "gru"; }
  std::string_view operator()(const rnn_layer&) const { return "rnn"; }
  std::string_view operator()(const all_true_layer&) const { return "all_true"; }
};

} // namespace

std::string_view to_string(function f) {
  constexpr std::array names{"identity", "relu",         "leaky_relu", "clip",     "elu",       "sigmoid",
                             "tanh",     "hard_sigmoid", "hard_swish", "gelu",     "gelu_tanh", "erf",
                             "exp",      "sqrt",         "absolute",   "negative", "power"};
  return names[static_cast<std::size_t>(f)];
}

std::int64_t directions_of(recurrent_direction direction) {
  return direction == recurrent_direction::bidirectional ? 2 : 1;
}

std::string_view kind_name(const layer_attributes& attributes) {
  return std::visit(namer{}, attributes);
}

} // namespace baton::metadata
