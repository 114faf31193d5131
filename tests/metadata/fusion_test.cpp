#include <catch2/catch.hpp>

#include "tests/metadata/onnx_maker.hpp"

using namespace baton;
using namespace baton::metadata;
using namespace baton::testing;
using ints = std::vector<std::int64_t>;

namespace {

const std::vector<std::pair<std::string, attribute>> same{{"pads", ints{1, 1, 1, 1}}};

onnx_maker image(std::int64_t opset = 13) {
  onnx_maker maker(opset);
  maker.input("x", {"N", 4, 8, 8}).weight("w", {4, 4, 3, 3}).weight("v", {4, 4, 3, 3});
  return maker;
}

} // namespace

TEST_CASE("convolution, batch norm and relu become one layer with the first node's name", "[metadata]") {
  const auto m = image()
                     .node("Conv", {"x", "w"}, {"c"}, same)
                     .batch_norm("bn", "c", 4, "b")
                     .node("Relu", {"b"}, {"y"})
                     .output("y")
                     .model();
  REQUIRE(kinds(*m) == "conv+bn+relu");
  const auto& l = m->layers()[0];
  CHECK(l.name == "Conv1");
  REQUIRE(l.inputs.size() == 8);
  CHECK(m->values()[l.inputs[4]].name == "bn_scale");
  CHECK(m->values()[l.inputs[7]].name == "bn_variance");
  CHECK(std::get<conv_layer>(l.attributes).epsilon == 1e-3F);
  CHECK(m->values()[m->outputs()[0]].name == "y");
  CHECK(m->values().size() == 7); // what fusion made superfluous is gone
}

TEST_CASE("products and sums with one constant per channel become part of the batch norm before them", "[metadata]") {
  auto maker = onnx_maker(13);
  maker.input("x", {"N", 3, 2, 2}).weight("factor", {3, 1, 1}).weight("addend", {1, 3, 1, 1});
  maker.batch_norm("bn", "x", 3, "b").node("Mul", {"factor", "b"}, {"m"}).node("Add", {"m", "addend"}, {"s"});
  const auto m = maker.node("Relu", {"s"}, {"y"}).output("y").model();
  REQUIRE(kinds(*m) == "batch_norm+relu");
  const auto numbers = [&](std::size_t role) {
    const auto t = m->read_weight(m->layers()[0].inputs[role]);
    REQUIRE(t);
    return std::vector<float>(t->as<float>().begin(), t->as<float>().end());
  };
  // Each of the five is 0, 0.5, 1: bn * factor + addend.
  CHECK(numbers(1) == std::vector<float>{0.0F, 0.25F, 1.0F});
  CHECK(numbers(2) == std::vector<float>{0.0F, 0.25F + 0.5F, 1.0F + 1.0F});
  CHECK(m->values()[m->layers()[0].inputs[3]].name == "bn_mean");

  auto seen = onnx_maker(13);
  seen.input("x", {"N", 3, 2, 2}).weight("factor", {3, 1, 1}).batch_norm("bn", "x", 3, "b");
  CHECK(kinds(*seen.node("Mul", {"b", "factor"}, {"y"}).output("y").output("b").model()) == "batch_norm multiply");
}

TEST_CASE("a product or sum that is not one number per channel stays a layer of its own", "[metadata]") {
  for (const auto& shape : {std::vector<std::int64_t>{4, 4}, {4}, {1, 1, 4}, {1, 4, 1, 4}}) {
    auto maker = onnx_maker(13);
    maker.input("x", {"N", 4, 4, 4}).weight("factor", shape).batch_norm("bn", "x", 4, "b");
    CHECK(kinds(*maker.node("Mul", {"b", "factor"}, {"y"}).output("y").model()) == "batch_norm multiply");
  }
  auto other = onnx_maker(13);
  other.input("x", {"N", 4, 4, 4}).weight("w", {4, 1, 1}).batch_norm("bn", "x", 4, "b");
  CHECK(kinds(*other.node("Div", {"b", "w"}, {"y"}).output("y").model()) == "batch_norm divide");
}

TEST_CASE("a residual is added by the convolution that is computed last", "[metadata]") {
  auto maker = image();
  maker.node("Relu", {"x"}, {"r"}).node("Conv", {"r", "w"}, {"c"}, same).batch_norm("bn", "c", 4, "b");
  maker.node("Conv", {"r", "v"}, {"shortcut"}, same).node("Sum", {"b", "shortcut"}, {"s"}).node("Relu", {"s"}, {"y"});
  const auto m = maker.output("y").model();
  REQUIRE(kinds(*m) == "relu conv+bn conv+residual+relu");
  CHECK(m->layers()[2].inputs[3] == m->layers()[1].outputs[0]);
  CHECK(m->layers()[2].name == "Conv4");
}

TEST_CASE("a residual that is computed after the convolution moves the convolution behind it", "[metadata]") {
  auto maker = image();
  maker.node("Conv", {"x", "w"}, {"c"}, same).node("Relu", {"x"}, {"late"});
  const auto m = maker.node("Add", {"late", "c"}, {"y"}).output("y").model();
  REQUIRE(kinds(*m) == "relu conv+residual");
  CHECK(m->layers()[1].inputs[3] == m->layers()[0].outputs[0]);
}

TEST_CASE("the residual may be the convolution's own input", "[metadata]") {
  const auto m = image().node("Conv", {"x", "w"}, {"c"}, same).node("Add", {"c", "x"}, {"y"}).output("y").model();
  REQUIRE(kinds(*m) == "conv+residual");
  CHECK(m->layers()[0].inputs[3] == m->layers()[0].inputs[0]);
}

TEST_CASE("nothing is fused that another layer or the client reads", "[metadata]") {
  auto twice = image().node("Conv", {"x", "w"}, {"c"}, same).batch_norm("bn", "c", 4, "b");
  CHECK(kinds(*twice.node("Add", {"b", "c"}, {"y"}).output("y").model()) == "conv batch_norm add");

  auto doubled = image().node("Conv", {"x", "w"}, {"c"}, same).node("Add", {"c", "c"}, {"y"});
  CHECK(kinds(*doubled.output("y").model()) == "conv add");

  auto seen = image().node("Conv", {"x", "w"}, {"c"}, same).node("Relu", {"c"}, {"y"});
  CHECK(kinds(*seen.output("y").output("c").model()) == "conv relu");

  auto renamed =
      image().node("Conv", {"x", "w"}, {"c"}, same).node("Identity", {"c"}, {"i"}).node("Relu", {"c"}, {"y"});
  CHECK(kinds(*renamed.output("y").output("i").model()) == "conv relu");
}

TEST_CASE("nothing is fused where it would mean something else", "[metadata]") {
  // a broadcast sum is no residual, nor is a constant
  auto broadcast = image().weight("k", {1, 4, 1, 1}).node("Conv", {"x", "w"}, {"c"}, same);
  CHECK(kinds(*broadcast.node("Add", {"c", "k"}, {"y"}).output("y").model()) == "conv add");
  auto constant = onnx_maker().input("x", {1, 4, 8, 8}).weight("w", {4, 4, 3, 3}).weight("k", {1, 4, 8, 8});
  constant.node("Conv", {"x", "w"}, {"c"}, same).node("Add", {"c", "k"}, {"y"});
  CHECK(kinds(*constant.output("y").model()) == "conv add");
  // batch norm and residual after the activation
  auto late = image().node("Conv", {"x", "w"}, {"c"}, same).node("Relu", {"c"}, {"r"}).batch_norm("bn", "r", 4, "b");
  CHECK(kinds(*late.node("Add", {"b", "x"}, {"y"}).output("y").model()) == "conv+relu batch_norm add");
  // batch norm after the residual
  auto after = image().node("Conv", {"x", "w"}, {"c"}, same).node("Add", {"c", "x"}, {"a"});
  CHECK(kinds(*after.batch_norm("bn", "a", 4, "y").output("y").model()) == "conv+residual batch_norm");
  // a second batch norm
  auto second = image().node("Conv", {"x", "w"}, {"c"}, same).batch_norm("a", "c", 4, "d").batch_norm("b", "d", 4, "y");
  CHECK(kinds(*second.output("y").model()) == "conv+bn batch_norm");
}

TEST_CASE("batch norm, sums and products take the relu behind them", "[metadata]") {
  auto norm = image().batch_norm("bn", "x", 4, "b").node("Relu", {"b"}, {"y"});
  CHECK(kinds(*norm.output("y").model()) == "batch_norm+relu");
  auto sum = image().node("Sum", {"x", "x", "x"}, {"s"}).node("Relu", {"s"}, {"y"});
  CHECK(kinds(*sum.output("y").model()) == "add add+relu");
  auto product = onnx_maker().input("x", {"N", 4}).weight("w", {4, 3}).weight("b", {3});
  product.node("MatMul", {"x", "w"}, {"p"}).node("Add", {"b", "p"}, {"s"}).node("Relu", {"s"}, {"y"});
  CHECK(kinds(*product.output("y").model()) == "linear+bias+relu");
  auto wide = onnx_maker().input("x", {1, 4}).weight("w", {4, 3}).weight("b", {2, 3});
  wide.node("MatMul", {"x", "w"}, {"p"}).node("Add", {"b", "p"}, {"y"});
  CHECK(kinds(*wide.output("y").model()) == "linear add");
}

TEST_CASE("a one-dimensional convolution fuses through its views", "[metadata]") {
  onnx_maker maker;
  maker.input("x", {"N", 4, "L"}).weight("w", {6, 4, 3}).node("Conv", {"x", "w"}, {"c"}, {{"pads", ints{1, 1}}});
  maker.batch_norm("bn", "c", 6, "b")
      .node("Relu", {"b"}, {"r"})
      .node("MaxPool", {"r"}, {"y"}, {{"kernel_shape", ints{2}}});
  const auto m = maker.output("y").model();
  REQUIRE(kinds(*m) == "conv+bn+relu max_pool");
  CHECK(shape_text(*m, m->layers()[0].outputs[0]) == "[N,6,1,L]");
  CHECK(shape_text(*m, m->outputs()[0]) == "[N,6,L-1]");
  CHECK(m->layers()[1].inputs[0] == m->layers()[0].outputs[0]);
}

TEST_CASE("every activation joins what is before it, once", "[metadata]") {
  const std::vector<std::pair<std::string, std::string>> activations{
      {"LeakyRelu", "leaky_relu"}, {"Sigmoid", "sigmoid"},          {"Tanh", "tanh"},
      {"HardSwish", "hard_swish"}, {"HardSigmoid", "hard_sigmoid"}, {"Elu", "elu"}};
  for (const auto& [op, name] : activations) {
    auto conv = image(14).node("Conv", {"x", "w"}, {"c"}, same).batch_norm("bn", "c", 4, "b").node(op, {"b"}, {"y"});
    CHECK(kinds(*conv.output("y").model()) == "conv+bn+" + name);
    auto norm = image(14).batch_norm("bn", "x", 4, "b").node(op, {"b"}, {"y"});
    CHECK(kinds(*norm.output("y").model()) == "batch_norm " + name);
  }
  auto six = image(10).node("Conv", {"x", "w"}, {"c"}, same).node("Clip", {"c"}, {"y"}, {{"min", 0.0F}, {"max", 6.0F}});
  const auto m = six.output("y").model();
  REQUIRE(kinds(*m) == "conv+clip");
  CHECK(std::get<conv_layer>(m->layers()[0].attributes).act == activation{function::clip, 0.0, 6.0});
  auto twice = image(14).node("Conv", {"x", "w"}, {"c"}, same).node("Tanh", {"c"}, {"t"}).node("Relu", {"t"}, {"y"});
  CHECK(kinds(*twice.output("y").model()) == "conv+tanh relu");
  auto plain = image(14).node("Conv", {"x", "w"}, {"c"}, same).node("Exp", {"c"}, {"y"});
  CHECK(kinds(*plain.output("y").model()) == "conv exp");
}
