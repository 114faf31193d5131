#include <cstring>

#include <catch2/catch.hpp>

#include "tests/conformance/agreement.hpp"
#include "tests/conformance/backends.hpp"

/// The conformance suite of the layers that treat elements alone or only move them.
using namespace baton;
using namespace baton::testing;
using metadata::activation;
using metadata::element_type;

TEST_CASE("arithmetic agrees with the reference, whichever side is repeated", "[gpu]") {
  using kind = metadata::binary_layer::kind;
  auto op = GENERATE(kind::add, kind::subtract, kind::multiply, kind::divide);
  auto act = GENERATE(activation::none, activation::relu);
  // Near zero a quotient magnifies what is left of rounding before it: divisors stay away from there.
  auto divisor = [&](model_builder& b, metadata::value_index x) {
    return op == kind::divide ? b.layer(metadata::unary_layer{{metadata::function::exp}}, {x})[0] : x;
  };
  check({"same", [&](model_builder& b, const metadata::dim& n) {
           return b.binary(op, image(b, n, 5, 4, 3), divisor(b, b.input("y", {n, 5, 4, 3})), act);
         }});
  for (const metadata::dims& shape : {metadata::dims{}, {1}, {3}, {4, 1}, {5, 1, 1}, {1, 5, 1, 3}}) {
    check({"right", [&](model_builder& b, const metadata::dim& n) {
             return b.binary(op, image(b, n, 5, 4, 3), divisor(b, b.input("y", shape)), act);
           }});
    check({"left", [&](model_builder& b, const metadata::dim& n) {
             return b.binary(op, b.input("y", shape), divisor(b, image(b, n, 5, 4, 3)), act);
           }});
  }
  check({"both", [&](model_builder& b, const metadata::dim& n) {
           return b.binary(op, b.input("x", {n, 1, 3}), divisor(b, b.input("y", {5, 1})), act);
         }});
  for (std::int64_t c : {16, 17}) {
    check({"by channel and picture behind a convolution", [&](model_builder& b, const metadata::dim& n) {
             auto x = b.conv(image(b, n, 3, 6, 6), {.channels = c});
             return b.binary(op, x, divisor(b, b.global_average_pool(x)), act);
           }});
    check({"of two layouts", [&](model_builder& b, const metadata::dim& n) {
             return b.binary(op, b.input("y", {n, c, 4, 4}), divisor(b, b.conv(image(b, n, 3, 6, 6), {.channels = c})),
                             act);
           }});
  }
}

TEST_CASE("powers and arithmetic on whole numbers agree with the reference", "[gpu]") {
  using kind = metadata::binary_layer::kind;
  check({"power", [](model_builder& b, const metadata::dim& n) {
           return b.binary(kind::power,
                           b.layer(metadata::unary_layer{{metadata::function::exp}}, {b.input("x", {n, 3})})[0],
                           b.input("y", {3}));
         }});
  auto type = GENERATE(element_type::int64, element_type::int32, element_type::uint8, element_type::int16);
  auto op = GENERATE(kind::add, kind::multiply);
  check({"whole numbers", [&](model_builder& b, const metadata::dim& n) {
           return b.binary(op, b.input("x", {n, 4, 1}, type), b.input("y", {3}, type));
         }});
}

TEST_CASE("a quotient of whole numbers is rounded towards zero, and by zero it is zero", "[gpu]") {
  for (const auto& on : backends()) {
    auto machine = demand(on.open(0));
    bench_device device(on, *machine, 0);
    model_builder b("quotient");
    auto n = b.symbol("N");
    auto x = b.input("x", {n}, element_type::int64);
    auto y = b.input("y", {n}, element_type::int64);
    auto model = b.output(b.binary(metadata::binary_layer::kind::divide, x, y)).build();
    metadata::tensor left(element_type::int64, {5});
    metadata::tensor right(element_type::int64, {5});
    const std::vector<std::int64_t> as{7, -7, 5, INT64_MIN, 9};
    const std::vector<std::int64_t> bs{2, 2, 0, -1, -4};
    std::copy(as.begin(), as.end(), left.as_mutable<std::int64_t>().begin());
    std::copy(bs.begin(), bs.end(), right.as_mutable<std::int64_t>().begin());
    auto got = device.infer(*device.plan(model, {5}), {left, right});
    auto values = got.at(0).as<std::int64_t>();
    CHECK(std::vector<std::int64_t>(values.begin(), values.end())
          == std::vector<std::int64_t>{3, -3, 0, INT64_MIN, -2});
  }
}

TEST_CASE("functions agree with the reference, alone and as part of other layers", "[gpu]") {
  using metadata::function;
  auto f = GENERATE(
      activation{function::relu}, activation{function::leaky_relu, 0.1}, activation{function::clip, -0.25, 0.5},
      activation{function::elu, 0.7}, activation{function::sigmoid}, activation{function::tanh},
      activation{function::hard_sigmoid, 0.3, 0.4}, activation{function::hard_swish}, activation{function::gelu},
      activation{function::gelu_tanh}, activation{function::erf}, activation{function::exp},
      activation{function::absolute}, activation{function::negative}, activation{function::power, 0.0, 2.0});
  CAPTURE(to_string(f.what));
  const metadata::unary_layer alone{f};
  check({"alone", [&](model_builder& b, const metadata::dim& n) { return b.layer(alone, {image(b, n, 5, 4, 3)})[0]; }});
  check({"of one axis",
         [&](model_builder& b, const metadata::dim& n) { return b.layer(alone, {b.input("x", {n})})[0]; }});
  check({"of a scalar", [&](model_builder& b, const metadata::dim& n) {
           return b.layer(alone, b.layer(metadata::reduce_mean_layer{{0}, false}, {b.input("x", {n})}))[0];
         }});
  check({"of seven axes", [&](model_builder& b, const metadata::dim& n) {
           return b.layer(alone, {b.input("x", {n, 1, 2, 3, 1, 2, 3})})[0];
         }});
  check({"behind a convolution", [&](model_builder& b, const metadata::dim& n) {
           return b.softmax(b.layer(alone, {b.conv(image(b, n, 3, 6, 6), {.channels = 17})})[0], 1);
         }});
  if (f.what > function::gelu_tanh)
    return;
  for (std::int64_t groups : {1, 4})
    check({"of a convolution", [&](model_builder& b, const metadata::dim& n) {
             metadata::conv_layer a;
             a.act = f;
             a.groups = groups;
             auto x = image(b, n, 8, 6, 6);
             return b.layer(a, {x, b.weight({16, 8 / groups, 3, 3}, 0.3F), b.weight({16}, 0.2F),
                                b.input("residual", {n, 16, 4, 4})})[0];
           }});
  check({"of a product", [&](model_builder& b, const metadata::dim& n) {
           metadata::linear_layer a;
           a.act = f;
           return b.layer(a, {b.input("x", {n, 7}), b.weight({7, 5}, 1.0F), b.weight({5}, 1.0F)})[0];
         }});
  check({"of a sum", [&](model_builder& b, const metadata::dim& n) {
           return b.binary(metadata::binary_layer::kind::subtract, b.input("x", {n, 1, 3}), b.input("y", {5, 1}), f);
         }});
}

TEST_CASE("clip and its like take every numeric type", "[gpu]") {
  using metadata::function;
  auto type = GENERATE(element_type::int8, element_type::uint16, element_type::int64, element_type::float16,
                       element_type::float64);
  auto f = GENERATE(activation{function::relu}, activation{function::clip, 1.0, 9.0}, activation{function::absolute});
  check({"alone", [&](model_builder& b, const metadata::dim& n) {
           return b.layer(metadata::cast_layer{element_type::float32},
                          {b.layer(metadata::unary_layer{f}, {b.input("x", {n, 7}, type)})[0]})[0];
         }});
}

TEST_CASE("elements of every type are moved as they are", "[gpu]") {
  auto type = GENERATE(from_range(metadata::all_element_types.begin(), metadata::all_element_types.end()));
  CAPTURE(numpy_name(type));
  const auto y = [&](model_builder& b, const metadata::dims& shape) { return b.input("y", shape, type); };
  const auto one = [](model_builder& b, const metadata::layer_attributes& a, metadata::value_index x) {
    return b.layer(a, {x})[0];
  };
  const auto exact = [](const layer_case& c) { check(c, agreement::exact); };
  using range = metadata::slice_layer::range;
  exact({"concat", [&](model_builder& b, const metadata::dim& n) {
           return b.layer(metadata::concat_layer{1},
                          {b.input("x", {n, 2, 3}, type), y(b, {n, 1, 3}), b.input("z", {n, 4, 3}, type)})[0];
         }});
  exact({"slice", [&](model_builder& b, const metadata::dim& n) {
           return one(b, metadata::slice_layer{{{n - 1, -1, n}, {1, 2, 3}, {4, -3, 2}}}, y(b, {n, 6, 5}));
         }});
  exact({"slice of rows", [&](model_builder& b, const metadata::dim& n) {
           return one(b, metadata::slice_layer{{range{0, 1, n}, {2, 1, 3}, {0, 1, 5}}}, y(b, {n, 6, 5}));
         }});
  exact({"expand", [&](model_builder& b, const metadata::dim& n) {
           return one(b, metadata::expand_layer{{2, n, 4, 3}}, y(b, {n, 1, 3}));
         }});
  exact({"transpose", [&](model_builder& b, const metadata::dim& n) {
           return b.transpose(y(b, {n, 4, 3}), {2, 0, 1});
         }});
  exact({"gather", [&](model_builder& b, const metadata::dim& n) {
           return b.gather(y(b, {n, 4, 3}), b.input("i", {2}, element_type::int32), 1);
         }});
  exact({"copy", [&](model_builder& b, const metadata::dim& n) { return b.copy(y(b, {n, 3})); }});
  using mode = metadata::pad_layer::kind;
  for (auto m : {mode::constant, mode::edge, mode::reflect})
    exact({"pad", [&](model_builder& b, const metadata::dim& n) {
             return one(b, metadata::pad_layer{m, {0, 1, 2}, {0, 0, 1}, {}}, y(b, {n, 4, 3}));
           }});
}

TEST_CASE("pads are filled with their value", "[gpu]") {
  metadata::pad_layer a{metadata::pad_layer::kind::constant, {0, 2, 0}, {0, 0, 3}, {}};
  const float fill = 1.25F;
  std::memcpy(a.fill.data(), &fill, sizeof fill);
  check({"pad", [&](model_builder& b, const metadata::dim& n) { return b.layer(a, {b.input("x", {n, 4, 3})})[0]; }});
}

TEST_CASE("casts agree with the reference between all types", "[gpu]") {
  auto from = GENERATE(from_range(metadata::all_element_types.begin(), metadata::all_element_types.end()));
  for (auto to : metadata::all_element_types)
    check({"cast", [&](model_builder& b, const metadata::dim& n) {
             return b.layer(metadata::cast_layer{to}, {b.input("x", {n, 5}, from)})[0];
           }});
}

TEST_CASE("concatenation keeps blocked layouts right", "[gpu]") {
  auto first = GENERATE(std::int64_t{16}, std::int64_t{17}, std::int64_t{3});
  auto axis = GENERATE(1U, 2U);
  check({"behind convolutions", [&](model_builder& b, const metadata::dim& n) {
           auto x = image(b, n, 3, 6, 6);
           auto left = b.conv(x, {.channels = first});
           auto right = b.conv(x, {.channels = axis == 1 ? 32 : first});
           return b.conv(b.layer(metadata::concat_layer{axis}, {left, right, left})[0], {.channels = 4});
         }});
}

TEST_CASE("means agree with the reference over any axes", "[gpu]") {
  using axes = std::vector<std::uint32_t>;
  auto over = GENERATE(axes{}, axes{0}, axes{1}, axes{3}, axes{1, 3}, axes{2, 3}, axes{0, 1, 2, 3});
  auto keep = GENERATE(false, true);
  check({"mean", [&](model_builder& b, const metadata::dim& n) {
           return b.layer(metadata::reduce_mean_layer{over, keep}, {image(b, n, 5, 4, 3)})[0];
         }});
  check({"mean behind a convolution", [&](model_builder& b, const metadata::dim& n) {
           return b.layer(metadata::reduce_mean_layer{over, keep}, {b.conv(image(b, n, 3, 5, 6), {.channels = 17})})[0];
         }});
}

TEST_CASE("extents become data where a layer reads them", "[gpu]") {
  auto type = GENERATE(element_type::int64, element_type::int32);
  check({"shape", [&](model_builder& b, const metadata::dim& n) {
           b.input("x", {n, 3});
           return b.layer(metadata::shape_layer{type, {2, 2}, {n, 3, n * 3 + 1, floor_div(n, 2)}}, {})[0];
         }});
}

TEST_CASE("a slice that leaves its operand at some shape is refused at that shape", "[gpu]") {
  for (const auto& on : backends()) {
    auto machine = demand(on.open(0));
    bench_device device(on, *machine, 0);
    model_builder b("slice");
    auto n = b.symbol("N");
    metadata::slice_layer last_three{{{n - 3, 1, 3}}};
    auto model = b.output(b.layer(last_three, {b.input("x", {n})})[0]).build();
    auto weights = demand(device.home().load_weights(model));
    CHECK(device.get().build_plan(model, weights, {3}));
    auto refused = device.get().build_plan(model, weights, {2});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::bad_request);
    CHECK_THAT(refused.error().message,
               Catch::Contains("layer 'slice_0' (slice): at this shape its range lies outside"));
  }
}
