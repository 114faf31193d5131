#include "metadata/importer/operators.hpp"

#include <map>
#include <string_view>

#include "metadata/importer/order.hpp"

namespace baton::metadata::importer {

namespace {

struct known_operator {
  void (*import)(node&);
  bool optional_outputs = false; ///< takes care of results beyond the first itself
};

const std::map<std::string_view, known_operator>& operators() {
  static const std::map<std::string_view, known_operator> table{
      {"Add", {import_add}},
      {"AveragePool", {import_average_pool}},
      {"BatchNormalization", {import_batch_normalization}},
      {"Constant", {import_constant}},
      {"Conv", {import_conv}},
      {"Dropout", {import_dropout, true}},
      {"Flatten", {import_flatten}},
      {"Gather", {import_gather}},
      {"Gemm", {import_gemm}},
      {"GlobalAveragePool", {import_global_average_pool}},
      {"Identity", {import_identity}},
      {"LSTM", {import_lstm, true}},
      {"MatMul", {import_mat_mul}},
      {"MaxPool", {import_max_pool}},
      {"Reshape", {import_reshape}},
      {"Softmax", {import_softmax}},
      {"Squeeze", {import_squeeze}},
      {"Sum", {import_sum}},
      {"Transpose", {import_transpose}},
      {"Abs", {import_abs}},
      {"Cast", {import_cast}},
      {"Clip", {import_clip}},
      {"Concat", {import_concat}},
      {"ConstantOfShape", {import_constant_of_shape}},
      {"Div", {import_div}},
      {"Elu", {import_elu}},
      {"Erf", {import_erf}},
      {"Exp", {import_exp}},
      {"Expand", {import_expand}},
      {"Gelu", {import_gelu}},
      {"HardSigmoid", {import_hard_sigmoid}},
      {"HardSwish", {import_hard_swish}},
      {"LeakyRelu", {import_leaky_relu}},
      {"Mul", {import_mul}},
      {"Neg", {import_neg}},
      {"Pad", {import_pad}},
      {"Pow", {import_pow}},
      {"ReduceMean", {import_reduce_mean}},
      {"Relu", {import_relu}},
      {"Shape", {import_shape}},
      {"Sigmoid", {import_sigmoid}},
      {"Slice", {import_slice}},
      {"Split", {import_split, true}},
      {"Sqrt", {import_sqrt}},
      {"Sub", {import_sub}},
      {"Tanh", {import_tanh}},
      {"Unsqueeze", {import_unsqueeze}},
      {"GRU", {import_gru, true}},
      {"GlobalMaxPool", {import_global_max_pool}},
      {"LRN", {import_lrn}},
      {"LogSoftmax", {import_log_softmax}},
      {"RNN", {import_rnn, true}},
  };
  return table;
}

} // namespace

void demand_known_operator(const node_entry& entry) {
  const auto& proto = entry.proto;
  const auto standard = proto.domain().empty() || proto.domain() == "ai.onnx";
  if (standard && operators().contains(proto.op_type()))
    return;
  const auto what = "operator " + (standard ? "" : proto.domain() + '.') + proto.op_type() + " is not supported";
  throw problem(who(proto) + what, errc::bad_model, what);
}

void import_node(graph& g, const node_entry& entry) {
  const auto& proto = entry.proto;
  try {
    const auto& known = operators().at(proto.op_type());
    node n(g, entry);
    if (!known.optional_outputs)
      for (int i = 1; i < proto.output_size(); ++i)
        demand(!n.is_wanted(static_cast<std::size_t>(i)),
               "its optional output '" + proto.output(i) + "' is used, which is not supported");
    known.import(n);
    n.attrs().finish();
  } catch (const problem& p) {
    throw problem(who(proto) + p.what(), p.code);
  }
}

} // namespace baton::metadata::importer
