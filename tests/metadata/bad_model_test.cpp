#include <catch2/catch.hpp>

#include "tests/metadata/spoilt_model.hpp"

using namespace baton;
using namespace baton::testing;
using Catch::Contains;
using ints = std::vector<std::int64_t>;

TEST_CASE("a cycle is refused, naming a node on it", "[metadata]") {
  const auto message = refused([](onnx_maker& m) {
    m.node("Relu", {"y"}, {"after"});
    m.node("Add", {"x", "loop2"}, {"loop1"}).node("Relu", {"loop1"}, {"loop2"}).node("Relu", {"loop2"}, {"tail"});
  });
  CHECK_THAT(message, Contains("cycle") && (Contains("node 'Add4' (Add)") || Contains("node 'Relu5' (Relu)")));
  CHECK_THAT(refused([](onnx_maker& m) { m.node("Add", {"x", "self"}, {"self"}); }), Contains("'Add3' (Add)"));
}

TEST_CASE("unknown operators and attributes are refused, naming the node", "[metadata]") {
  CHECK_THAT(refused([](onnx_maker& m) { m.node("NonZero", {"x"}, {"e"}); }),
             Contains("node 'NonZero3' (NonZero): operator NonZero is not supported"));
  CHECK_THAT(refused([](onnx_maker& m) { m.graph().mutable_node(1)->set_domain("com.acme"); }),
             Contains("operator com.acme.Relu is not supported"));
  CHECK_THAT(refused([](onnx_maker& m) {
               m.node("Relu", {"x"}, {"e"}, {{"slope", 1.0F}});
             }),
             Contains("attribute 'slope' is not supported"));
  CHECK_THAT(refused([](onnx_maker& m) {
               m.node("MaxPool", {"x"}, {"e"}, {{"kernel_shape", 3}});
             }),
             Contains("attribute 'kernel_shape' has the wrong type"));
  CHECK_THAT(refused([](onnx_maker& m) {
               m.node("MaxPool", {"x"}, {"e"}, {{"kernel_shape", ints{3}}});
             }),
             Contains("has 1 elements, not 2"));
  CHECK_THAT(refused([](onnx_maker& m) { m.node("MaxPool", {"x"}, {"e"}); }), Contains("'kernel_shape' is missing"));
  CHECK_THAT(refused([](onnx_maker& m) {
               m.node("MaxPool", {"x"}, {"p", "where"}, {{"kernel_shape", ints{3, 3}}}).output("where");
             }),
             Contains("node 'MaxPool3' (MaxPool): its optional output 'where' is used"));
}

TEST_CASE("dangling and doubled names are refused", "[metadata]") {
  CHECK_THAT(refused([](onnx_maker& m) { m.node("Relu", {"ghost"}, {"e"}); }),
             Contains("node 'Relu3' (Relu): it reads 'ghost', which nothing produces"));
  CHECK_THAT(refused([](onnx_maker& m) { m.output("ghost"); }), Contains("output 'ghost': nothing produces"));
  CHECK_THAT(refused([](onnx_maker& m) { m.node("Relu", {"x"}, {"c"}); }),
             Contains("node 'Relu3' (Relu): it writes 'c', which another node writes too"));
  CHECK_THAT(refused([](onnx_maker& m) { m.node("Relu", {"x"}, {"w"}); }), Contains("'w', which is an input or init"));
  CHECK_THAT(refused([](onnx_maker& m) { m.weight("w", {1}); }), Contains("two initializers are called 'w'"));
  CHECK_THAT(refused([](onnx_maker& m) { m.input("x", {"N"}); }), Contains("two inputs are called 'x'"));
  CHECK_THAT(refused([](onnx_maker& m) { m.output("y"); }), Contains("two outputs are called 'y'"));
  CHECK_THAT(refused([](onnx_maker& m) { m.graph().clear_output(); }), Contains("no outputs"));
  CHECK_THAT(refused([](onnx_maker& m) { m.node("Conv", {"x"}, {"e"}); }), Contains("has 1 inputs, not 2 to 3"));
  CHECK_THAT(refused([](onnx_maker& m) { m.node("Conv", {"x", ""}, {"e"}); }), Contains("its input 1 is missing"));
  CHECK_THAT(refused([](onnx_maker& m) {
               m.node("Conv", {"x", "x"}, {"e"});
             }),
             Contains("its w must have constant extents"));
}

TEST_CASE("shapes that do not fit are refused, naming the node", "[metadata]") {
  CHECK_THAT(refused([](onnx_maker& m) {
               m.weight("k", {4, 5, 3, 3}).node("Conv", {"x", "k"}, {"e"});
             }),
             Contains("node 'Conv3' (Conv): x [N,3,8,8] and w [4,5,3,3]"));
  CHECK_THAT(refused([](onnx_maker& m) {
               m.node("Add", {"x", "y"}, {"e"});
             }),
             Contains("node 'Add3' (Add): shapes [N,3,8,8] and [N,4,6,6] do not fit together"));
  CHECK_THAT(refused([](onnx_maker& m) {
               m.node("Relu", {"y"}, {"z"}).output("z", {"N", 4, 7, 7});
             }),
             Contains("output 'z' is declared as [N,4,7,7] and the layers make [N,4,6,6]"));
  CHECK_THAT(refused([](onnx_maker& m) { m.node("Relu", {"y"}, {"z"}).output("z", {"N", 4}); }), Contains("'z'"));
  CHECK_THAT(refused([](onnx_maker& m) {
               m.node("Transpose", {"x"}, {"e"}, {{"perm", ints{0, 1, 1, 2}}});
             }),
             Contains("once"));
  CHECK_THAT(refused([](onnx_maker& m) { m.node("Softmax", {"x"}, {"e"}, {{"axis", 4}}); }), Contains("axis 4"));
  CHECK_THAT(refused([](onnx_maker& m) { m.weight("scalar", {}).node("Flatten", {"scalar"}, {"e"}); }),
             Contains("attribute 'axis' is 1, outside 0 to 0")); // its default
}

TEST_CASE("weights that are missing, too short or elsewhere are refused", "[metadata]") {
  CHECK_THAT(refused([](onnx_maker& m) { m.last_initializer().clear_raw_data(); }),
             Contains("initializer 'b': it has 0 bytes where shape [4] needs 16"));
  CHECK_THAT(refused([](onnx_maker& m) { m.last_initializer().mutable_raw_data()->resize(12); }),
             Contains("it has 12 bytes"));
  CHECK_THAT(refused([](onnx_maker& m) { m.last_initializer().mutable_raw_data()->resize(20); }),
             Contains("it has 20 bytes"));
  CHECK_THAT(refused([](onnx_maker& m) {
               m.last_initializer().clear_raw_data();
               m.last_initializer().set_data_location(onnx::TensorProto::EXTERNAL);
               m.last_initializer().add_external_data()->set_key("location");
             }),
             Contains("initializer 'b'") && Contains("names no file"));
  CHECK_THAT(refused([](onnx_maker& m) { m.last_initializer().set_data_type(onnx::TensorProto::DOUBLE); }),
             Contains("initializer 'b': it has 16 bytes where shape [4] needs 32"));
  CHECK_THAT(refused([](onnx_maker& m) { m.last_initializer().set_data_type(onnx::TensorProto::INT32); }),
             Contains("node 'Conv1' (Conv): b must be float32, not int32"));
  CHECK_THAT(refused([](onnx_maker& m) {
               m.last_initializer().set_data_type(onnx::TensorProto::STRING);
               m.last_initializer().add_string_data("hello");
             }),
             Contains("node 'Conv1' (Conv): constant 'b' holds strings"));
  CHECK_THAT(refused([](onnx_maker& m) { m.graph().add_sparse_initializer(); }), Contains("sparse"));
}

TEST_CASE("absurd sizes are refused before anything is allocated", "[metadata]") {
  CHECK_THAT(refused([](onnx_maker& m) { m.last_initializer().set_dims(0, std::int64_t{1} << 62); }),
             Contains("initializer 'b'") && Contains("absurdly large"));
  CHECK_THAT(refused([](onnx_maker& m) {
               for (int i = 0; i < 3; ++i)
                 m.last_initializer().add_dims(std::int64_t{1} << 21);
             }),
             Contains("absurdly large"));
  CHECK_THAT(refused([](onnx_maker& m) { m.last_initializer().set_dims(0, std::int64_t{1} << 40); }),
             Contains("needs 4398046511104"));
  CHECK_THAT(refused([](onnx_maker& m) { m.last_initializer().set_dims(0, -4); }), Contains("negative extent -4"));
  CHECK_THAT(refused([](onnx_maker& m) {
               m.input("big", {1 << 30, 1 << 30, 1 << 30});
             }),
             Contains("input 'big' has absurdly many elements"));
  CHECK_THAT(refused([](onnx_maker& m) { m.input("none", {"N", 0}); }), Contains("input 'none' has the extent 0"));
  CHECK_THAT(refused([](onnx_maker& m) { m.input("less", {"N", -1}); }), Contains("has the extent -1"));
  CHECK_THAT(refused([](onnx_maker& m) {
               m.node("MaxPool", {"x"}, {"e"}, {{"kernel_shape", ints{3, 3}}, {"pads", ints{0, 0, 0, 1 << 30}}});
             }),
             Contains("attribute 'pads' is 1073741824"));
  // a product that grows by 2^20 with each layer
  CHECK_THAT(refused([](onnx_maker& m) {
               m.input("u", {1 << 20, 1}).input("v", {1, 1 << 20});
               m.node("MatMul", {"u", "v"}, {"e"});
             }),
             Contains("node 'MatMul3' (MatMul)") && Contains("absurdly many"));
}

TEST_CASE("numbers that do not fit their type or field are refused", "[metadata]") {
  const auto integers = [](std::int32_t type, auto add) {
    return refused([&](onnx_maker& m) {
      auto& t = m.integers("i", {1}, {}).last_initializer();
      t.set_data_type(type);
      add(t);
    });
  };
  using proto = onnx::TensorProto;
  CHECK_THAT(integers(proto::UINT8, [](proto& t) { t.add_int32_data(256); }),
             Contains("initializer 'i': its element 0 does not fit its type"));
  CHECK_THAT(integers(proto::INT8, [](proto& t) { t.add_int32_data(-129); }), Contains("does not fit"));
  CHECK_THAT(integers(proto::UINT32, [](proto& t) { t.add_uint64_data(std::uint64_t{1} << 32); }),
             Contains("does not fit"));
  CHECK_THAT(integers(proto::INT32, [](proto& t) { t.add_int64_data(1); }), Contains("it has 0 bytes"));
  CHECK_THAT(integers(proto::FLOAT, [](proto& t) { t.add_double_data(1.0); }), Contains("field of another type"));
  CHECK_THAT(integers(proto::INT64,
                      [](proto& t) {
                        t.add_int64_data(1);
                        t.add_int32_data(1);
                      }),
             Contains("stand in several fields"));
}

TEST_CASE("shapes computed in a file stay within bounds", "[metadata]") {
  // Each step squares a polynomial; the bound on its terms ends that, and the target is then no longer known.
  CHECK_THAT(refused([](onnx_maker& m) {
               m.node("Shape", {"x"}, {"s0"});
               for (int i = 0; i < 40; ++i)
                 m.node("Mul", {"s" + std::to_string(i), "s" + std::to_string(i)}, {"s" + std::to_string(i + 1)});
               m.node("Reshape", {"x", "s40"}, {"e"});
             }),
             Contains("its target 's40' must be a constant list"));
  CHECK_THAT(refused([](onnx_maker& m) {
               m.integers("s", {3}, {1 << 20, 1 << 10, 1}).node("ConstantOfShape", {"s"}, {"e"});
             }),
             Contains("too large for a constant"));
  CHECK_THAT(refused([](onnx_maker& m) {
               m.integers("s", {2}, {1 << 12, 1 << 11});
               for (const auto* y : {"large", "larger", "too large"})
                 m.node("ConstantOfShape", {"s"}, {y});
             }),
             Contains("too many constants of its own"));
  CHECK_THAT(refused([](onnx_maker& m) {
               m.integers("p", {8}, {0, 0, 1 << 23, 1 << 23, 0, 0, 0, 0}).node("Pad", {"x", "p"}, {"e"});
             }),
             Contains("absurdly many"));
  CHECK_THAT(refused([](onnx_maker& m) {
               m.integers("from", {1}, {INT64_MIN}).integers("to", {1}, {INT64_MAX}).integers("zero", {1}, {0});
               m.node("Slice", {"x", "from", "to", "zero", "zero"}, {"e"});
             }),
             Contains("its step must not be 0"));
}

TEST_CASE("wrong opsets and element types are refused", "[metadata]") {
  for (const std::int64_t opset : {std::int64_t{0}, std::int64_t{6}, std::int64_t{22}, std::int64_t{-1}})
    CHECK_THAT(refused([&](onnx_maker& m) { m.proto().mutable_opset_import(0)->set_version(opset); }),
               Contains("opset " + std::to_string(opset) + " is not supported, only 7 to 21"));
  CHECK_THAT(refused([](onnx_maker& m) { m.input("s", {"N"}, onnx::TensorProto::STRING); }),
             Contains("input 's' holds strings, which is not supported"));
  CHECK_THAT(refused([](onnx_maker& m) {
               m.input("i", {"N", 3}, onnx::TensorProto::INT64).node("Tanh", {"i"}, {"e"});
             }),
             Contains("node 'Tanh3' (Tanh): x must be float32, not int64"));
  CHECK_THAT(refused([](onnx_maker& m) { m.graph().mutable_input(0)->mutable_type()->mutable_sequence_type(); }),
             Contains("input 'x' is not a tensor"));
  CHECK_THAT(
      refused([](onnx_maker& m) { m.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->clear_shape(); }),
      Contains("input 'x' has no shape"));
}

TEST_CASE("a chain of many layers is imported without deep recursion", "[metadata]") {
  onnx_maker maker;
  maker.input("x", {"N", 2});
  std::string last = "x";
  for (int i = 0; i < 20'000; ++i) {
    const auto next = "v" + std::to_string(i);
    maker.node("Softmax", {last}, {next});
    last = next;
  }
  CHECK(maker.output(last).model()->layers().size() == 20'000);
}
