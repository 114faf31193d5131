#include <catch2/catch.hpp>

#include <cstring>

#include "metadata/shape_rules.hpp"
#include "tests/metadata/onnx_maker.hpp"

using namespace baton;
using namespace baton::metadata;
using namespace baton::testing;
using Catch::Contains;
using ints = std::vector<std::int64_t>;

namespace {

/// `kinds shape` of the only output.
std::string result_of(onnx_maker& maker) {
  const auto m = maker.output("y").model();
  return kinds(*m) + ' ' + shape_text(*m, m->outputs()[0]);
}

onnx_maker picture() {
  onnx_maker m(13);
  m.input("x", {"N", 6, "H", "W"}).integers("zero", {}, {0}).integers("two", {}, {2}).integers("axis0", {1}, {0});
  return m;
}

} // namespace

TEST_CASE("an exported reshape to the input's own extents costs nothing", "[metadata]") {
  auto m = picture();
  m.node("Relu", {"x"}, {"r"}).node("Shape", {"r"}, {"s"}).node("Gather", {"s", "zero"}, {"n"});
  m.integers("rest", {1}, {-1}).node("Unsqueeze", {"n", "axis0"}, {"n1"});
  m.node("Concat", {"n1", "rest"}, {"target"}, {{"axis", 0}}).node("Reshape", {"r", "target"}, {"y"});
  CHECK(result_of(m) == "relu [N,6*H*W]");
}

TEST_CASE("products, quotients, casts and slices of extents are followed", "[metadata]") {
  auto m = picture();
  m.integers("one", {1}, {1}).integers("three", {1}, {3}).integers("four", {1}, {4}).integers("half", {1}, {2});
  m.node("Relu", {"x"}, {"r"}).node("Shape", {"r"}, {"s"});
  m.node("Slice", {"s", "axis0", "one"}, {"n"}).node("Slice", {"s", "one", "half"}, {"c"});
  m.node("Slice", {"s", "half", "four"}, {"hw"});
  m.node("Div", {"c", "half"}, {"groups"}).node("Cast", {"groups"}, {"narrow"}, {{"to", 6}});
  m.node("Cast", {"narrow"}, {"wide"}, {{"to", 7}});
  m.node("Concat", {"n", "half", "wide", "hw"}, {"target"}, {{"axis", -1}}).node("Reshape", {"r", "target"}, {"y"});
  CHECK(result_of(m) == "relu [N,2,3,H,W]");

  auto product = picture();
  product.node("Relu", {"x"}, {"r"}).node("Shape", {"r"}, {"s"}).node("Gather", {"s", "zero"}, {"n"});
  product.node("Gather", {"s", "two"}, {"h"}).node("Mul", {"n", "h"}, {"nh"}).node("Add", {"nh", "zero"}, {"nh0"});
  product.integers("rest", {1}, {-1}).node("Unsqueeze", {"nh0", "axis0"}, {"nh1"});
  product.node("Concat", {"nh1", "rest"}, {"target"}, {{"axis", 0}}).node("Reshape", {"r", "target"}, {"y"});
  CHECK(result_of(product) == "relu [N*H,6*W]");
}

TEST_CASE("a shape that is data is a layer of its own", "[metadata]") {
  auto m = picture();
  const auto model = m.node("Shape", {"x"}, {"y"}).output("y").model();
  REQUIRE(kinds(*model) == "shape");
  CHECK(model->layers()[0].inputs.empty());
  const auto& a = std::get<shape_layer>(model->layers()[0].attributes);
  CHECK(to_string(a.elements, model->symbols()) == "[N,6,H,W]");

  auto part = onnx_maker(15).input("x", {2, 3, 4}).node("Shape", {"x"}, {"y"}, {{"start", -2}, {"end", 9}});
  CHECK(result_of(part) == "copy [2]"); // a constant
  auto real = picture();
  real.node("Shape", {"x"}, {"s"}).node("Cast", {"s"}, {"y"}, {{"to", 1}});
  CHECK(result_of(real) == "shape cast [4]");
}

TEST_CASE("a target that depends on data or may be negative is refused", "[metadata]") {
  auto data = picture();
  data.input("t", {2}, onnx::TensorProto::INT64);
  CHECK_THAT(data.node("Reshape", {"x", "t"}, {"y"}).output("y").error(),
             Contains("its target 't' must be a constant list, or follow from the inputs' shapes"));
  auto less = picture();
  less.node("Shape", {"x"}, {"s"}).integers("eight", {1}, {8}).node("Sub", {"s", "eight"}, {"e"});
  less.integers("half", {1}, {2}).node("Div", {"e", "half"}, {"q"});
  CHECK_THAT(less.node("Reshape", {"x", "q"}, {"y"}).output("y").error(), Contains("must be a constant list"));
}

TEST_CASE("slices count from either end, on symbolic extents too", "[metadata]") {
  const auto sliced = [](const ints& starts, const ints& ends, const ints& axes, const ints& steps) {
    onnx_maker m(13);
    m.input("x", {"N", "H", 8}).integers("starts", {static_cast<std::int64_t>(starts.size())}, starts);
    m.integers("ends", {static_cast<std::int64_t>(ends.size())}, ends);
    m.integers("axes", {static_cast<std::int64_t>(axes.size())}, axes);
    m.integers("steps", {static_cast<std::int64_t>(steps.size())}, steps);
    return result_of(m.node("Slice", {"x", "starts", "ends", "axes", "steps"}, {"y"}));
  };
  CHECK(sliced({1}, {INT64_MAX}, {1}, {1}) == "slice [N,H-1,8]");
  CHECK(sliced({-1}, {INT64_MAX}, {1}, {1}) == "slice [N,1,8]");
  CHECK(sliced({0}, {-2}, {-2}, {1}) == "slice [N,H-2,8]");
  CHECK(sliced({-1}, {INT64_MIN}, {1}, {-1}) == "slice [N,H,8]");
  CHECK(sliced({0, 7}, {100, 2}, {1, 2}, {2, -2}) == "slice [N,50,3]");
  CHECK(sliced({-100}, {100}, {2}, {3}) == "slice [N,H,3]");
  CHECK(sliced({0}, {INT64_MAX}, {2}, {1}) == "copy [N,H,8]"); // all of it
  onnx_maker empty(9);
  empty.input("x", {"N", 8}).node("Slice", {"x"}, {"y"}, {{"starts", ints{5}}, {"ends", ints{5}}, {"axes", ints{1}}});
  CHECK_THAT(empty.output("y").error(), Contains("its range is empty"));
}

TEST_CASE("initializers of every type are read from the field that ONNX names", "[metadata]") {
  using proto = onnx::TensorProto;
  const auto element = [](std::int32_t type, auto add) {
    auto m = picture();
    auto& t = m.integers("i", {1}, {}).last_initializer();
    t.set_data_type(type);
    add(t);
    const auto model = m.node("Identity", {"i"}, {"y"}).output("y").model();
    const auto v = model->layers()[0].inputs[0];
    const auto read = model->read_weight(v).value();
    std::uint64_t bits = 0;
    std::memcpy(&bits, read.data(), read.bytes());
    return std::string(numpy_name(read.type())) + ' ' + std::to_string(bits);
  };
  const auto narrow = [](proto& t) { t.add_int32_data(-2); };
  CHECK(element(proto::INT8, narrow) == "int8 254");
  CHECK(element(proto::INT16, narrow) == "int16 65534");
  CHECK(element(proto::INT32, narrow) == "int32 4294967294");
  const auto bits = [](proto& t) { t.add_int32_data(0x3c00); };
  CHECK(element(proto::FLOAT16, bits) == "float16 15360");
  CHECK(element(proto::BFLOAT16, bits) == "bfloat16 15360");
  CHECK(element(proto::UINT16, bits) == "uint16 15360");
  CHECK(element(proto::BOOL, [](proto& t) { t.add_int32_data(1); }) == "bool 1");
  CHECK(element(proto::UINT8, [](proto& t) { t.add_int32_data(255); }) == "uint8 255");
  CHECK(element(proto::UINT32, [](proto& t) { t.add_uint64_data(7); }) == "uint32 7");
  CHECK(element(proto::UINT64, [](proto& t) { t.add_uint64_data(UINT64_MAX); }) == "uint64 18446744073709551615");
  // a packed run stays in the file, which is gone here
  auto m = picture();
  auto& t = m.integers("i", {1}, {}).last_initializer();
  t.set_data_type(proto::DOUBLE);
  t.add_double_data(1.0);
  const auto model = m.node("Identity", {"i"}, {"y"}).output("y").model();
  CHECK(model->values()[model->layers()[0].inputs[0]].type == element_type::float64);
  CHECK(model->values()[model->layers()[0].inputs[0]].weight.bytes == 8);
}
