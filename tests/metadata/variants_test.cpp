#include <catch2/catch.hpp>

#include "tests/metadata/onnx_maker.hpp"

using namespace baton;
using namespace baton::metadata;
using namespace baton::testing;
using Catch::Contains;
using ints = std::vector<std::int64_t>;
using texts = std::vector<std::string>;
using attribute_list = std::vector<std::pair<std::string, attribute>>;

namespace {

/// What a model of one node `op` over these inputs becomes: its layers and the shape of its first result, or the error.
std::string becomes(const std::string& op, const std::vector<std::vector<declared_extent>>& inputs,
                    const attribute_list& attributes = {}, std::int64_t opset = 13) {
  onnx_maker maker(opset);
  texts names;
  for (const auto& shape : inputs) {
    names.push_back(shape.empty() ? "" : "i" + std::to_string(names.size()));
    if (!shape.empty())
      maker.input(names.back(), shape);
  }
  const auto m = maker.node(op, names, {"y"}, attributes).output("y").import();
  return m ? kinds(**m) + ' ' + shape_text(**m, (*m)->outputs()[0]) : m.error().message;
}

} // namespace

TEST_CASE("padding to the same size stays symbolic where the extents are", "[metadata]") {
  onnx_maker maker;
  maker.input("x", {"N", 3, "H", 9}).weight("w", {8, 3, 3, 3});
  maker.node("Conv", {"x", "w"}, {"c"}, {{"auto_pad", "SAME_LOWER"}, {"strides", ints{2, 2}}});
  maker.node("MaxPool", {"c"}, {"y"},
             {{"auto_pad", "SAME_UPPER"}, {"strides", ints{3, 3}}, {"kernel_shape", ints{2, 2}}});
  const auto m = maker.output("y").model();
  CHECK(shape_text(*m, m->layers()[0].outputs[0]) == "[N,8,floor((H+1)/2),5]");
  CHECK(std::get<conv_layer>(m->layers()[0].attributes).same == same_padding::lower);
  CHECK(std::get<pool_layer>(m->layers()[1].attributes).same == same_padding::upper);
  CHECK(m->shape(m->outputs()[0], std::vector<std::int64_t>{1, 12}) == ints{1, 8, 2, 2});
}

TEST_CASE("pools are dilated, in one dimension too, and global ones take any number of axes", "[metadata]") {
  CHECK(becomes("MaxPool", {{"N", 3, 9, 9}}, {{"kernel_shape", ints{3, 3}}, {"dilations", ints{2, 3}}}, 11)
        == "max_pool [N,3,5,3]");
  CHECK(becomes("AveragePool", {{"N", 3, 9}}, {{"kernel_shape", ints{3}}, {"dilations", ints{2}}}, 19)
        == "average_pool [N,3,5]");
  CHECK(becomes("MaxPool", {{"N", 3, 9, 9}}, {{"kernel_shape", ints{3, 3}}, {"storage_order", 1}})
        == "max_pool [N,3,7,7]");
  CHECK_THAT(becomes("MaxPool", {{"N", 3, 9, 9, 9}}, {{"kernel_shape", ints{3, 3, 3}}}), Contains("only 1-d and 2-d"));
  CHECK(becomes("GlobalMaxPool", {{"N", 3, 9, 9}}) == "global_max_pool [N,3,1,1]");
  CHECK(becomes("GlobalMaxPool", {{"N", 3, "L"}}) == "global_max_pool [N,3,1]");
  CHECK(becomes("GlobalAveragePool", {{"N", 3, 2, "H", 5}}) == "global_average_pool [N,3,1,1,1]");
}

TEST_CASE("a convolution whose weights are inputs keeps its batch norm apart", "[metadata]") {
  CHECK(becomes("Conv", {{"N", 3, 9, 9}, {8, 3, 3, 3}, {8}}) == "conv [N,8,7,7]");
  CHECK(becomes("BatchNormalization", {{"N", 3, 9}, {3}, {3}, {3}, {3}}, {}, 15) == "batch_norm [N,3,9]");
  onnx_maker maker;
  maker.input("x", {"N", 3, 9, 9}).input("w", {8, 3, 3, 3}).node("Conv", {"x", "w"}, {"c"});
  maker.batch_norm("bn", "c", 8, "y").output("y");
  CHECK(kinds(*maker.model()) == "conv batch_norm");
}

TEST_CASE("recurrent layers are imported in every direction, with steps of each direction as parts", "[metadata]") {
  const auto two = attribute_list{{"direction", "bidirectional"}, {"hidden_size", 3}};
  CHECK(becomes("LSTM", {{"S", "N", 4}, {2, 12, 4}, {2, 12, 3}, {2, 24}}, two) == "lstm [S,2,N,3]");
  CHECK(becomes("GRU", {{"S", "N", 4}, {2, 9, 4}, {2, 9, 3}}, two) == "gru [S,2,N,3]");
  CHECK(becomes("RNN", {{"S", "N", 4}, {1, 3, 4}, {1, 3, 3}}, {{"direction", "reverse"}}) == "rnn [S,1,N,3]");

  onnx_maker maker(14);
  maker.input("x", {"S", "N", 4}).weight("w", {2, 9, 4}).weight("r", {2, 9, 3}).input("h", {2, "N", 3});
  maker.node("GRU", {"x", "w", "r", "", "", "h"}, {"", "y"},
             {{"direction", "bidirectional"}, {"linear_before_reset", 1}});
  const auto m = maker.output("y").model();
  CHECK(m->layers()[0].parts == dim(2) * dim::symbol(0));
  CHECK(m->layers()[0].state_bytes == dim(12) * dim::symbol(1));
  CHECK(std::get<gru_layer>(m->layers()[0].attributes).linear_before_reset);
  CHECK(m->live_values({0, 1}) == std::vector{m->inputs()[0], m->inputs()[1], m->layers()[0].outputs[1]});
}

TEST_CASE("layout 1 puts the batch first", "[metadata]") {
  const auto first = attribute_list{{"layout", 1}};
  CHECK(becomes("LSTM", {{"N", "S", 4}, {1, 12, 4}, {1, 12, 3}, {1, 24}, {}, {"N", 1, 3}}, first, 14)
        == "transpose transpose lstm transpose [N,S,1,3]");
  onnx_maker maker(14);
  maker.input("x", {"N", "S", 4}).weight("w", {1, 9, 4}).weight("r", {1, 9, 3});
  maker.node("GRU", {"x", "w", "r"}, {"y", "y_h"}, first);
  const auto m = maker.output("y").output("y_h").model();
  CHECK(shape_text(*m, m->outputs()[1]) == "[N,1,3]");
  CHECK(m->values()[m->outputs()[1]].batch_axis == 0U);
}

TEST_CASE("what recurrent layers cannot do is refused by name", "[metadata]") {
  const auto lstm = [](const attribute_list& attributes) {
    return becomes("LSTM", {{"S", "N", 4}, {1, 12, 4}, {1, 12, 3}}, attributes);
  };
  CHECK_THAT(lstm({{"direction", "sideways"}}), Contains("direction 'sideways' is unknown"));
  CHECK_THAT(lstm({{"clip", 1.0F}}), Contains("clip is not supported"));
  CHECK_THAT(lstm({{"input_forget", 1}}), Contains("input_forget is not supported"));
  CHECK_THAT(lstm({{"hidden_size", 4}}), Contains("hidden_size does not fit r"));
  CHECK_THAT(lstm({{"activations", texts{"Relu", "Tanh", "Tanh"}}}), Contains("activations other than the default"));
  CHECK_THAT(lstm({{"activations", texts{"Sigmoid"}}}), Contains("it has 1 activations, not 3 for each direction"));
  CHECK_THAT(lstm({{"direction", "reverse"}, {"layout", 1}}), Contains("lstm")); // both are fine
  CHECK_THAT(becomes("LSTM", {{"S", "N", 4}, {1, 12, 5}, {1, 12, 3}}), Contains("w has shape [1,12,5] where [1,12,4]"));
  CHECK_THAT(becomes("LSTM", {{"S", "N", 4}, {1, 12, 4}, {1, 12}}), Contains("its r [1,12] must have 3 extents"));
  CHECK_THAT(becomes("RNN", {{"S", "N", 4}, {2, 3, 4}, {2, 3, 3}},
                     {{"direction", "bidirectional"}, {"activations", texts{"Tanh", "Relu"}}}),
             Contains("activations that differ by direction"));
  CHECK_THAT(becomes("RNN", {{"S", "N", 4}, {1, 3, 4}, {1, 3, 3}}, {{"activations", texts{"Affine"}}}),
             Contains("activation 'Affine' is not supported"));
  CHECK(becomes("RNN", {{"S", "N", 4}, {1, 3, 4}, {1, 3, 3}}, {{"activations", texts{"Relu"}}}) == "rnn [S,1,N,3]");
}

TEST_CASE("sequence lengths may only say that no sequence ends early", "[metadata]") {
  const auto with = [](const declared_extent& steps, int type, const ints& lengths) {
    onnx_maker maker;
    maker.input("x", {steps, 2, 4}).weight("w", {1, 9, 4}).weight("r", {1, 9, 3});
    maker.integers("l", {2}, lengths);
    maker.last_initializer().set_data_type(type);
    if (type == onnx::TensorProto::INT32)
      for (const auto l : lengths)
        maker.last_initializer().add_int32_data(static_cast<std::int32_t>(l));
    if (type == onnx::TensorProto::INT32)
      maker.last_initializer().clear_int64_data();
    const auto m = maker.node("GRU", {"x", "w", "r", "", "l"}, {"y"}).output("y").import();
    return m ? kinds(**m) : m.error().message;
  };
  CHECK(with(5, onnx::TensorProto::INT32, {5, 5}) == "gru");
  CHECK_THAT(with(5, onnx::TensorProto::INT32, {5, 4}), Contains("sequence_lens has 4 where the sequences are 5 long"));
  CHECK_THAT(with("S", onnx::TensorProto::INT32, {5, 5}), Contains("where the sequences are S long"));
  CHECK_THAT(becomes("GRU", {{"S", "N", 4}, {1, 9, 4}, {1, 9, 3}, {}, {2}}),
             Contains("sequence_lens must be a constant"));
}

TEST_CASE("Gemm takes any addend, and MatMul vectors", "[metadata]") {
  const auto scaled = attribute_list{{"beta", 0.5F}};
  CHECK(becomes("Gemm", {{"N", 4}, {4, 3}, {3}}, scaled, 11) == "matmul multiply add [N,3]");
  CHECK(becomes("Gemm", {{2, 4}, {4, 3}, {2, 1}}, scaled, 7) == "matmul multiply add [2,3]");
  CHECK(becomes("Gemm", {{"N", 4}, {4, 3}, {"N", 3}}) == "matmul add [N,3]");
  CHECK(becomes("MatMul", {{"N", 4}, {4}}) == "matmul [N]");
  CHECK(becomes("MatMul", {{4}, {"N", 4, 3}}) == "matmul [N,3]");
  CHECK(becomes("MatMul", {{4}, {4}}) == "matmul []");
  CHECK_THAT(becomes("MatMul", {{4}, {5}}), Contains("do not agree on the inner extent"));
}

TEST_CASE("normalisations that ordinary networks have are imported", "[metadata]") {
  CHECK(becomes("LRN", {{"N", 5, 7, 7}}, {{"size", 3}}) == "lrn [N,5,7,7]");
  CHECK_THAT(becomes("LRN", {{"N", 5, 7, 7}}), Contains("'size' is missing"));
  CHECK(becomes("LogSoftmax", {{"N", 5}}) == "log_softmax [N,5]");
  CHECK(becomes("LogSoftmax", {{"N", 5, 2}}, {}, 11) == "log_softmax [N,5,2]");
}

TEST_CASE("what opsets 18 to 20 changed is imported", "[metadata]") {
  const auto listed = [](const std::string& op, const texts& operands, const std::vector<std::string>& outputs,
                         const attribute_list& attributes, std::int64_t opset) {
    onnx_maker maker(opset);
    maker.input("x", {"N", 5, 4}).integers("axes", {1}, {1}).integers("pads", {2}, {1, 2});
    const auto m = maker.node(op, operands, outputs, attributes).output(outputs.back()).import();
    return m ? kinds(**m) + ' ' + shape_text(**m, (*m)->outputs()[0]) : m.error().message;
  };
  CHECK(listed("ReduceMean", {"x", "axes"}, {"y"}, {{"keepdims", 0}}, 18) == "reduce_mean [N,4]");
  CHECK(listed("ReduceMean", {"x"}, {"y"}, {{"noop_with_empty_axes", 1}}, 18) == "copy [N,5,4]");
  CHECK(listed("Pad", {"x", "pads", "", "axes"}, {"y"}, {}, 18) == "pad [N,8,4]");
  CHECK(listed("Split", {"x"}, {"y", "z"}, {{"axis", 1}, {"num_outputs", 2}}, 18) == "slice [N,2,4]");
  CHECK_THAT(listed("Split", {"x"}, {"y", "z"}, {{"axis", 1}, {"num_outputs", 3}}, 18), Contains("num_outputs is not"));
  CHECK(listed("Cast", {"x"}, {"y"}, {{"to", 7}, {"saturate", 1}}, 19) == "cast [N,5,4]");
  CHECK_THAT(listed("Pad", {"x", "pads", "", "axes"}, {"y"}, {{"mode", "wrap"}}, 19), Contains("wrap"));
  CHECK(listed("Gelu", {"x"}, {"y"}, {{"approximate", "tanh"}}, 20) == "gelu_tanh [N,5,4]");
}

TEST_CASE("Dropout drops nothing, and its mask says so", "[metadata]") {
  const auto dropout = [](std::int64_t opset, bool training) {
    onnx_maker maker(opset);
    maker.input("x", {"N", 4}).weight("ratio", {}).integers("t", {}, {});
    maker.last_initializer().set_data_type(onnx::TensorProto::BOOL);
    maker.last_initializer().add_int32_data(training);
    maker.node("Relu", {"x"}, {"r"});
    maker.node("Dropout", opset < 12 ? texts{"r"} : texts{"r", "ratio", "t"}, {"y", "mask"});
    const auto m = maker.output("y").output("mask").import();
    if (!m)
      return m.error().message;
    CHECK((*m)->values()[(*m)->outputs()[1]].type == element_type::boolean);
    return kinds(**m) + ' ' + shape_text(**m, (*m)->outputs()[1]);
  };
  CHECK(dropout(13, false) == "relu all_true [N,4]");
  CHECK(dropout(10, false) == "relu all_true [N,4]");
  CHECK_THAT(dropout(12, true), Contains("its training_mode is true"));
  CHECK_THAT(dropout(7, false), Contains("before opset 10 its mask is not defined"));
}

TEST_CASE("opsets up to 21 are accepted", "[metadata]") {
  for (const std::int64_t opset : {7, 14, 18, 20, 21})
    CHECK(becomes("Softmax", {{"N", 4}}, {}, opset) == "softmax [N,4]");
}
