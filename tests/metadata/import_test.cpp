#include <catch2/catch.hpp>

#include <fstream>

#include "tests/metadata/onnx_maker.hpp"
#include "tests/metadata/temporary_file.hpp"

using namespace baton;
using namespace baton::metadata;
using namespace baton::testing;
using ints = std::vector<std::int64_t>;

namespace {

/// The shape of the only output of a model with one node `op` of x.
std::string result_of(const std::string& op, const std::vector<declared_extent>& x,
                      const std::vector<std::pair<std::string, attribute>>& attributes = {}, std::int64_t opset = 13,
                      const std::vector<ints>& weights = {}) {
  onnx_maker maker(opset);
  maker.input("x", x);
  std::vector<std::string> inputs{"x"};
  for (const auto& shape : weights) {
    inputs.push_back("w" + std::to_string(inputs.size()));
    maker.weight(inputs.back(), shape);
  }
  const auto m = maker.node(op, inputs, {"y"}, attributes).output("y").model();
  const auto out = m->outputs()[0];
  const auto batch = m->values()[out].batch_axis;
  return kinds(*m) + ' ' + shape_text(*m, out) + (batch ? " @" + std::to_string(*batch) : "");
}

} // namespace

TEST_CASE("convolutions and pools are imported in one and two dimensions", "[metadata]") {
  CHECK(result_of("Conv", {"N", 3, 32, "W"}, {{"strides", ints{2, 2}}, {"pads", ints{1, 1, 1, 1}}}, 13, {{8, 3, 3, 3}})
        == "conv [N,8,16,floor((W+1)/2)] @0");
  CHECK(result_of("Conv", {"N", 4, 30}, {{"group", 2}, {"dilations", ints{2}}, {"pads", ints{4, 0}}}, 13, {{6, 2, 3}})
        == "conv [N,6,30] @0");
  CHECK(result_of("Conv", {"N", 3, 33, 32}, {{"auto_pad", "SAME_UPPER"}, {"strides", ints{2, 2}}}, 13,
                  {{8, 3, 3, 3}, {8}})
        == "conv [N,8,17,16] @0");
  CHECK(result_of("Conv", {"N", 3, "H", "W"}, {{"auto_pad", "SAME_LOWER"}}, 13, {{8, 3, 3, 5}}) == "conv [N,8,H,W] @0");
  CHECK(result_of("Conv", {"N", 3, 9, 9}, {{"auto_pad", "VALID"}}, 13, {{8, 3, 3, 3}}) == "conv [N,8,7,7] @0");
  CHECK(result_of("MaxPool", {"N", 3, 9, 9}, {{"kernel_shape", ints{3, 3}}, {"strides", ints{2, 2}}, {"ceil_mode", 1}})
        == "max_pool [N,3,4,4] @0");
  CHECK(result_of("AveragePool", {"N", 3, 12}, {{"kernel_shape", ints{4}}, {"strides", ints{4}}})
        == "average_pool [N,3,3] @0");
  CHECK(result_of("GlobalAveragePool", {"N", 3, 9, 9}) == "global_average_pool [N,3,1,1] @0");
}

TEST_CASE("padding goes to the side that auto_pad names", "[metadata]") {
  for (const auto* mode : {"SAME_UPPER", "SAME_LOWER"}) {
    const auto m = onnx_maker()
                       .input("x", {"N", 3, 32, 31})
                       .weight("w", {8, 3, 3, 3})
                       .node("Conv", {"x", "w"}, {"y"}, {{"auto_pad", std::string(mode)}, {"strides", ints{2, 2}}})
                       .output("y")
                       .model();
    const auto pads = std::get<conv_layer>(m->layers()[0].attributes).pads;
    const auto upper = std::string(mode) == "SAME_UPPER";
    CHECK(pads == (upper ? std::array<std::int64_t, 4>{0, 1, 1, 1} : std::array<std::int64_t, 4>{1, 1, 0, 1}));
  }
}

TEST_CASE("Gemm and MatMul become linear layers where the right operand is a constant matrix", "[metadata]") {
  CHECK(result_of("Gemm", {"N", 6}, {{"transB", 1}, {"alpha", 0.5F}}, 13, {{4, 6}, {4}}) == "linear+bias [N,4] @0");
  CHECK(result_of("Gemm", {6, "N"}, {{"transA", 1}}, 13, {{6, 4}}) == "transpose linear [N,4] @0");
  CHECK(result_of("Gemm", {"N", 6}, {{"beta", 0.0F}}, 13, {{6, 4}, {4}}) == "linear [N,4] @0");
  CHECK(result_of("MatMul", {"N", "S", 6}, {}, 13, {{6, 4}}) == "linear [N,S,4] @0");
  CHECK(result_of("MatMul", {"N", 2, 5, 6}, {}, 13, {{2, 6, 4}}) == "matmul [N,2,5,4] @0");

  auto two = onnx_maker().input("a", {"N", 6}).input("b", {4, 6}).input("c", {1, 4});
  const auto m = two.node("Gemm", {"a", "b", "c"}, {"y"}, {{"transB", 1}}).output("y").model();
  CHECK(kinds(*m) == "matmul add");
  CHECK(shape_text(*m, m->outputs()[0]) == "[N,4]");

  const auto turned = onnx_maker()
                          .input("x", {"N", 6})
                          .weight("w", {4, 6})
                          .node("Transpose", {"w"}, {"t"})
                          .node("MatMul", {"x", "t"}, {"y"})
                          .output("y")
                          .model();
  CHECK(kinds(*turned) == "linear");
  CHECK(std::get<linear_layer>(turned->layers()[0].attributes).transposed_weight);
}

TEST_CASE("Flatten, Reshape, Squeeze, Identity and Dropout are aliases of the same bytes", "[metadata]") {
  CHECK(result_of("Flatten", {"N", 3, 4, 5}) == "copy [N,60] @0");
  CHECK(result_of("Flatten", {"N", 3, 4, 5}, {{"axis", 0}}) == "copy [1,60*N]");
  CHECK(result_of("Flatten", {"N", 3, 4, 5}, {{"axis", -1}}) == "copy [12*N,5]");
  CHECK(result_of("Squeeze", {"N", 3, 1, 1}, {{"axes", ints{2, -1}}}, 11) == "copy [N,3] @0");

  onnx_maker maker;
  maker.input("x", {"N", 3, 4}).integers("to", {2}, {0, -1}).integers("axes", {1}, {0});
  maker.node("Relu", {"x"}, {"r"}).node("Identity", {"r"}, {"i"}).node("Dropout", {"i"}, {"d"});
  maker.node("Reshape", {"d", "to"}, {"flat"}).weight("w", {12, 2}).node("MatMul", {"flat", "w"}, {"y"}).output("y");
  const auto m = maker.model();
  CHECK(kinds(*m) == "relu linear");
  const auto flat = m->layers()[1].inputs[0];
  CHECK(shape_text(*m, flat) == "[N,12]");
  CHECK(m->root(flat) == m->layers()[0].outputs[0]);
}

TEST_CASE("Reshape targets are solved symbolically", "[metadata]") {
  const auto reshaped = [](const std::vector<declared_extent>& x, const ints& target) {
    onnx_maker maker;
    maker.input("x", x).integers("to", {static_cast<std::int64_t>(target.size())}, target);
    const auto m = maker.node("Relu", {"x"}, {"r"}).node("Reshape", {"r", "to"}, {"y"}).output("y").import();
    return m ? shape_text(**m, (*m)->outputs()[0]) : m.error().message;
  };
  using Catch::Contains;
  CHECK(reshaped({"N", 2048, 1, 1}, {-1, 2048}) == "[N,2048]");
  CHECK(reshaped({"N", 2048, 1, 1}, {0, -1}) == "[N,2048]");
  CHECK(reshaped({"N", "S", 64}, {0, 0, 8, 8}) == "[N,S,8,8]");
  CHECK(reshaped({"N", "S", 64}, {-1, 16}) == "[4*N*S,16]");
  CHECK(reshaped({1, 2048, 1, 1}, {1, 2048}) == "[1,2048]");
  CHECK_THAT(reshaped({"N", 2048, 1, 1}, {1, 2048}), Contains("do not have the same number of elements"));
  CHECK_THAT(reshaped({"N", 3}, {-1, 2}), Contains("cannot be cut"));
  CHECK_THAT(reshaped({"N", 4}, {-1, -1}), Contains("two extents open"));
  CHECK_THAT(reshaped({"N", 4}, {-2, 4}), Contains("-2"));
  CHECK_THAT(reshaped({"N", 4}, {0, 0, 0}), Contains("copies extent 2"));
}

TEST_CASE("an embedding and an LSTM are imported with steps as parts", "[metadata]") {
  onnx_maker maker(17);
  maker.input("tokens", {"N", "S"}, onnx::TensorProto::INT64).weight("table", {16, 4});
  maker.weight("w", {1, 12, 4}).weight("r", {1, 12, 3}).weight("b", {1, 24}).integers("axes", {1}, {0});
  maker.node("Gather", {"table", "tokens"}, {"e"}).node("Transpose", {"e"}, {"t"}, {{"perm", ints{1, 0, 2}}});
  maker.node("LSTM", {"t", "w", "r", "b"}, {"all", "last", ""}, {{"hidden_size", 3}});
  maker.node("Squeeze", {"last", "axes"}, {"h"}).weight("o", {3, 2}).node("MatMul", {"h", "o"}, {"y"}).output("y");
  const auto m = maker.model();
  CHECK(kinds(*m) == "gather transpose lstm linear");
  const auto& lstm = m->layers()[2];
  CHECK(lstm.parts == dim::symbol(1));
  CHECK(lstm.outputs[0] == none); // nobody reads it
  CHECK(lstm.outputs[1] != none);
  CHECK(lstm.outputs[2] == none);
  CHECK(m->symbols() == std::vector<std::string>{"N", "S"});
  CHECK(m->values()[m->outputs()[0]].batch_axis == 0U);
}

TEST_CASE("Softmax normalises as its opset says", "[metadata]") {
  const auto attributes = [](std::int64_t opset, const std::vector<std::pair<std::string, attribute>>& given) {
    const auto m = onnx_maker(opset).input("x", {"N", 3, 4}).node("Softmax", {"x"}, {"y"}, given).output("y").model();
    return std::get<softmax_layer>(m->layers()[0].attributes);
  };
  CHECK(attributes(11, {}).axis == 1);
  CHECK(attributes(11, {}).flatten);
  CHECK_FALSE(attributes(11, {{"axis", 2}}).flatten);
  CHECK(attributes(13, {}).axis == 2);
  CHECK_FALSE(attributes(13, {{"axis", 1}}).flatten);
}

TEST_CASE("inputs give the symbols, named or not, and the batch", "[metadata]") {
  onnx_maker maker;
  maker.input("a", {"", 4, ""}).input("b", {"", 4, 1});
  auto m = maker.node("Add", {"a", "b"}, {"y"}).output("y").model();
  CHECK(m->symbols() == std::vector<std::string>{"batch", "a_2"});
  CHECK(shape_text(*m, m->outputs()[0]) == "[batch,4,a_2]");

  onnx_maker time_first;
  m = time_first.input("x", {"steps", "N", 4}).node("Relu", {"x"}, {"y"}).output("y").model();
  CHECK(m->values()[m->outputs()[0]].batch_axis == 1U);

  onnx_maker fixed;
  m = fixed.input("x", {1, 4}).node("Relu", {"x"}, {"y"}).output("y", {1, 4}).model();
  CHECK(m->symbols().empty());
  CHECK_FALSE(m->values()[m->outputs()[0]].batch_axis);

  // before IR version 4 weights are inputs too
  onnx_maker old(8);
  m = old.input("x", {"N", 4})
          .input("w", {4, 2})
          .weight("w", {4, 2})
          .node("MatMul", {"x", "w"}, {"y"})
          .output("y")
          .model();
  CHECK(m->inputs().size() == 1);
}

TEST_CASE("weights stay in the file and are read from it", "[metadata]") {
  onnx_maker maker;
  maker.input("x", {"N", 4}).weight("w", {4, 6}).weight("b", {6});
  maker.node("Gemm", {"x", "w", "b"}, {"y"}).output("y");
  auto& typed = maker.last_initializer(); // b in float_data
  typed.clear_raw_data();
  for (int i = 0; i < 6; ++i)
    typed.add_float_data(static_cast<float>(i) + 0.25F);
  const temporary_file file(".onnx");
  file.write(maker.bytes());
  const auto m = import_onnx(file.path(), "m").value();
  const auto& layer = m->layers()[0];
  for (const auto v : {layer.inputs[1], layer.inputs[2]}) {
    CHECK(m->values()[v].weight.file == file.path());
    CHECK(m->values()[v].weight.inline_bytes.empty());
  }
  CHECK(m->read_weight(layer.inputs[1]).value().as<float>()[7] == 3.5F);
  CHECK(m->read_weight(layer.inputs[1]).value().shape() == ints{4, 6});
  CHECK(m->read_weight(layer.inputs[2]).value().as<float>()[5] == 5.25F);
  CHECK(m->parameters() == 30);
  std::filesystem::resize_file(file.path(), 50);
  CHECK(m->read_weight(layer.inputs[1]).error().code == errc::io);
}

TEST_CASE("constants are found in nodes and may be reshaped", "[metadata]") {
  onnx_maker maker;
  maker.input("x", {"N", 4}).weight("flat", {8});
  maker.node("Constant", {}, {"shape"}, {{"value_ints", ints{4, 2}}});
  maker.node("Reshape", {"flat", "shape"}, {"w"}).node("MatMul", {"x", "w"}, {"p"});
  maker.node("Constant", {}, {"c"}).node("Add", {"p", "c"}, {"y"}).output("y");
  auto& tensor = *maker.graph().mutable_node(3)->add_attribute();
  tensor.set_name("value");
  tensor.set_type(onnx::AttributeProto::TENSOR);
  tensor.mutable_t()->set_data_type(onnx::TensorProto::FLOAT);
  tensor.mutable_t()->add_dims(2);
  const std::vector<float> elements{7.0F, 9.0F};
  tensor.mutable_t()->set_raw_data(elements.data(), 8);
  const temporary_file file(".onnx");
  file.write(maker.bytes());
  const auto m = import_onnx(file.path(), "m").value();
  REQUIRE(kinds(*m) == "linear+bias");
  const auto& inputs = m->layers()[0].inputs;
  CHECK(m->read_weight(inputs[1]).value().shape() == ints{4, 2});
  CHECK(m->read_weight(inputs[1]).value().as<float>()[7] == 3.5F);
  CHECK(m->read_weight(inputs[2]).value().as<float>()[1] == 9.0F);
  CHECK(m->values()[inputs[2]].weight.file == file.path());
}

TEST_CASE("outputs that are inputs, constants or the same twice are copied", "[metadata]") {
  onnx_maker maker;
  maker.input("x", {"N", 4}).weight("w", {2});
  maker.node("Relu", {"x"}, {"y"}).node("Identity", {"y"}, {"z"}).node("Identity", {"x"}, {"x2"});
  const auto m = maker.output("y").output("z").output("x2").output("w").model();
  CHECK(kinds(*m) == "relu copy copy copy");
  std::vector<std::string> names;
  for (const auto v : m->outputs())
    names.push_back(m->values()[v].name);
  CHECK(names == std::vector<std::string>{"y", "z", "x2", "w"});
}

TEST_CASE("nodes out of order are sorted and dead ones dropped", "[metadata]") {
  onnx_maker maker;
  maker.input("x", {"N", 4}).weight("w", {4, 4});
  maker.node("Softmax", {"h"}, {"y"}).node("MatMul", {"x", "w"}, {"h"}).node("Relu", {"h"}, {"dead"});
  const auto m = maker.output("y").model();
  CHECK(kinds(*m) == "linear softmax");
}
