#include <catch2/catch.hpp>

#include "tests/support/model_builder.hpp"

using namespace baton;
using namespace baton::metadata;
using namespace baton::testing;
using Catch::Contains;

namespace {

model_ptr two_inputs() {
  model_builder b("two");
  const auto n = b.symbol("N");
  const auto h = b.symbol("H");
  const auto image = b.input("image", {n, 1, h, 8});
  const auto bias = b.input("bias", {n, 4});
  conv_options o;
  o.channels = 4;
  o.strides = {2, 2};
  const auto x = b.global_average_pool(b.conv(image, o));
  return b.output(b.add({b.view(x, {n, 4}), bias})).build();
}

tensor floats(std::vector<std::int64_t> shape) {
  return {element_type::float32, std::move(shape)};
}

std::string refusal(const model& m, const std::vector<tensor>& inputs) {
  const auto bound = m.bind(inputs);
  REQUIRE_FALSE(bound);
  CHECK(bound.error().code == errc::bad_request);
  return bound.error().message;
}

} // namespace

TEST_CASE("binding finds the symbols from the inputs' shapes", "[metadata]") {
  const auto m = two_inputs();
  CHECK(m->bind(std::vector{floats({3, 1, 9, 8}), floats({3, 4})}).value() == symbol_values{3, 9});
  CHECK(m->shape(m->layers()[0].outputs[0], symbol_values{3, 9}) == std::vector<std::int64_t>{3, 4, 4, 3});
}

TEST_CASE("binding refuses inputs that do not fit, naming the input", "[metadata]") {
  const auto m = two_inputs();
  const auto image = floats({3, 1, 9, 8});
  CHECK_THAT(refusal(*m, {image}), Contains("takes 2 inputs, not 1"));
  CHECK_THAT(refusal(*m, {tensor(element_type::int64, {3, 1, 9, 8}), floats({3, 4})}),
             Contains("'image' must be FP32, not INT64"));
  CHECK_THAT(refusal(*m, {image, floats({3, 5})}), Contains("'bias' has shape [3,5] where [N,4] is needed"));
  CHECK_THAT(refusal(*m, {image, floats({2, 4})}), Contains("'bias'") && Contains("N is 3 already"));
  CHECK_THAT(refusal(*m, {image, floats({3, 4, 1})}), Contains("'bias'"));
  CHECK_THAT(refusal(*m, {floats({0, 1, 9, 8}), floats({0, 4})}), Contains("'image' is empty"));
  CHECK_THAT(refusal(*m, {floats({3, 1, 2, 8}), floats({3, 4})}), Contains("impossible shape [3,4,0,3]"));
}

TEST_CASE("make refuses inconsistent parts, naming the layer or value", "[metadata]") {
  model_builder good("m");
  const auto n = good.symbol("N");
  const auto x = good.input("x", {n, 4});
  const auto h = good.linear(x, 4);
  const auto y = good.relu(h);
  good.output(y);
  REQUIRE(good.try_build());
  const auto refused = [&](auto spoil) {
    auto b = good;
    spoil(b.parts());
    const auto made = b.try_build();
    REQUIRE_FALSE(made);
    CHECK(made.error().code == errc::bad_model);
    return made.error().message;
  };
  using parts = model::parts;
  CHECK_THAT(refused([](parts& p) { std::swap(p.layers[0], p.layers[1]); }),
             Contains("layer 'relu_1' (relu): it reads 'linear_0' before that is written"));
  CHECK_THAT(refused([](parts& p) { p.layers[1].name = "linear_0"; }), Contains("two layers are called 'linear_0'"));
  CHECK_THAT(refused([&](parts& p) { p.layers[1].outputs = {h}; }), Contains("'linear_0', which is written already"));
  CHECK_THAT(refused([&](parts& p) { p.values[y].shape = {n, 5}; }), Contains("it makes [N,4] and 'relu_1' is [N,5]"));
  CHECK_THAT(refused([&](parts& p) { p.outputs = {x}; }), Contains("output 'x' is an input or a constant"));
  CHECK_THAT(refused([](parts& p) { p.outputs.clear(); }), Contains("no output"));
  CHECK_THAT(refused([](parts& p) { p.layers[0].inputs[0] = 99; }), Contains("a value that is not there"));
  CHECK_THAT(refused([](parts& p) { p.symbols.emplace_back("S"); }), Contains("symbol 'S' is in no input"));
  CHECK_THAT(refused([&](parts& p) { p.values[x].shape = {dim::symbol(3), 4}; }), Contains("symbol that is not there"));
  CHECK_THAT(refused([&](parts& p) { p.values[x].shape = {n * 2, 4}; }), Contains("batch extent"));
  CHECK_THAT(refused([&](parts& p) { p.values[x].shape = {n, n * 2}; }), Contains("input 'x' has an extent"));
  CHECK_THAT(refused([&](parts& p) { p.layers[0].inputs[1] = x; }), Contains("its w ('x') must be a constant"));
  CHECK_THAT(refused([](parts& p) { p.layers[1].outputs = {none}; }), Contains("writes nothing"));
  CHECK_THAT(refused([](parts& p) { p.layers[1].parts = 2; }), Contains("parts"));
}
