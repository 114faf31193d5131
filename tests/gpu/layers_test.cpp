#include <cstring>
#include <functional>

#include <catch2/catch.hpp>

#include "tests/gpu/backends.hpp"
#include "tests/support/reference.hpp"

using namespace baton;
using namespace baton::testing;
using metadata::activation;
using metadata::element_type;
using metadata::none;

namespace {

constexpr double tolerance = 1e-5;

/// Builds a model of one layer, or a few where how they meet is the point, over the batch symbol N.
struct layer_case {
  const char* name;
  std::function<metadata::value_index(model_builder&, const metadata::dim& n)> make;
};

metadata::value_index image(model_builder& b, const metadata::dim& n, std::int64_t c, std::int64_t h, std::int64_t w) {
  return b.input("x", {n, c, h, w});
}

void check(const layer_case& c) {
  for (const auto& on : backends()) {
    auto machine = demand(on.open(0));
    bench_device device(on, *machine, 0);
    model_builder builder(c.name, 7);
    auto n = builder.symbol("N");
    auto y = c.make(builder, n);
    auto model = builder.output(y).build();
    // 4 first: the batch of one then uses the weights as the larger one had them laid out.
    for (std::int64_t batch : {4, 1}) {
      CAPTURE(on.name, c.name, batch);
      auto inputs = random_inputs(*model, {batch}, 3);
      auto plan = device.plan(model, {batch});
      auto got = device.infer(*plan, inputs);
      auto wanted = reference_run(*model, {batch}, inputs);
      REQUIRE(got.size() == 1);
      if (got[0].type() == element_type::float32)
        CHECK(relative_difference(got[0], wanted[0]) <= tolerance);
      else
        CHECK(same_bits(got, wanted));
    }
  }
}

metadata::pool_layer pool_of(metadata::pool_layer::kind mode, std::int64_t kernel, std::int64_t stride,
                             std::array<std::int64_t, 4> pads, bool include = false, bool ceil = false) {
  metadata::pool_layer a;
  a.mode = mode;
  a.kernel = {kernel, kernel};
  a.strides = {stride, stride};
  a.pads = pads;
  a.count_include_pad = include;
  a.ceil_mode = ceil;
  return a;
}

} // namespace

TEST_CASE("a convolution agrees with the reference", "[gpu]") {
  struct shape {
    const char* name;
    std::int64_t c, h, w;
    conv_options o;
  };
  conv_options base;
  auto with = [&](auto change) {
    auto o = base;
    change(o);
    return o;
  };
  auto s = GENERATE_COPY(shape{"plain", 3, 9, 7, with([](conv_options&) {})},
                         shape{"one channel in and out", 1, 5, 5, with([](conv_options& o) { o.channels = 1; })},
                         shape{"odd channels and pads", 5, 9, 11, with([](conv_options& o) {
                                 o.channels = 7;
                                 o.pads = {1, 1, 1, 1};
                               })},
                         shape{"many channels", 32, 8, 8, with([](conv_options& o) {
                                 o.channels = 64;
                                 o.pads = {1, 1, 1, 1};
                                 o.relu = true;
                               })},
                         shape{"asymmetrical pads", 4, 8, 8, with([](conv_options& o) {
                                 o.pads = {0, 1, 2, 3};
                               })},
                         shape{"strides", 16, 15, 13, with([](conv_options& o) {
                                 o.strides = {2, 3};
                                 o.pads = {1, 0, 1, 2};
                               })},
                         shape{"dilations", 8, 12, 12, with([](conv_options& o) {
                                 o.dilations = {2, 3};
                                 o.pads = {2, 3, 2, 3};
                               })},
                         shape{"groups", 6, 7, 7, with([](conv_options& o) {
                                 o.groups = 3;
                                 o.channels = 9;
                               })},
                         shape{"depthwise", 17, 9, 9, with([](conv_options& o) {
                                 o.groups = 17;
                                 o.channels = 17;
                                 o.pads = {1, 1, 1, 1};
                                 o.batch_norm = true;
                               })},
                         shape{"1x1", 24, 6, 6, with([](conv_options& o) {
                                 o.kernel = {1, 1};
                                 o.channels = 33;
                                 o.bias = false;
                               })},
                         shape{"1-d", 10, 1, 20, with([](conv_options& o) {
                                 o.kernel = {1, 5};
                               })},
                         shape{"batch norm", 8, 8, 8, with([](conv_options& o) { o.batch_norm = true; })},
                         shape{"batch norm without bias, relu", 8, 8, 8, with([](conv_options& o) {
                                 o.bias = false;
                                 o.batch_norm = o.relu = true;
                               })},
                         shape{"large kernel with stride", 3, 32, 32, with([](conv_options& o) {
                                 o.kernel = {7, 7};
                                 o.strides = {2, 2};
                                 o.pads = {3, 3, 3, 3};
                                 o.channels = 16;
                               })});
  check({s.name, [&](model_builder& b, const metadata::dim& n) { return b.conv(image(b, n, s.c, s.h, s.w), s.o); }});
}

TEST_CASE("a residual is added before the activation, wherever it lies", "[gpu]") {
  conv_options o;
  o.channels = 9;
  o.pads = {1, 1, 1, 1};
  o.relu = true;
  auto residual = [o](metadata::value_index r) {
    auto with = o;
    with.residual = r;
    return with;
  };
  SECTION("an input") {
    check({"input", [&](model_builder& b, const metadata::dim& n) {
             auto x = image(b, n, 9, 6, 6);
             return b.conv(x, residual(x));
           }});
  }
  SECTION("a value that dies there and can be updated in place") {
    check({"dies", [&](model_builder& b, const metadata::dim& n) {
             auto x = b.conv(image(b, n, 3, 6, 6), o);
             return b.softmax(b.conv(b.conv(x, o), residual(x)), 1);
           }});
  }
  SECTION("a value that is read again") {
    check({"read again", [&](model_builder& b, const metadata::dim& n) {
             auto x = b.conv(image(b, n, 3, 6, 6), o);
             auto y = b.conv(b.conv(x, o), residual(x));
             return b.add({y, x});
           }});
  }
  SECTION("the convolution's own operand") {
    check({"own operand", [&](model_builder& b, const metadata::dim& n) {
             auto x = b.conv(image(b, n, 3, 6, 6), o);
             return b.conv(b.conv(x, residual(x)), o);
           }});
  }
  SECTION("a view of another value") {
    check({"view", [&](model_builder& b, const metadata::dim& n) {
             auto x = b.conv(b.input("other", {n, 3, 4, 9}), o);
             return b.conv(b.conv(image(b, n, 9, 6, 6), o), residual(b.view(x, {n, 9, 6, 6})));
           }});
  }
}

TEST_CASE("pools agree with the reference", "[gpu]") {
  using kind = metadata::pool_layer::kind;
  auto c = GENERATE(std::int64_t{1}, std::int64_t{5}, std::int64_t{32});
  auto a = GENERATE(pool_of(kind::max, 2, 2, {0, 0, 0, 0}), pool_of(kind::max, 3, 2, {1, 1, 1, 1}),
                    pool_of(kind::max, 3, 2, {0, 0, 0, 0}, false, true), pool_of(kind::average, 2, 2, {0, 0, 0, 0}),
                    pool_of(kind::average, 3, 1, {1, 0, 1, 1}), pool_of(kind::average, 3, 2, {1, 1, 1, 1}, true),
                    pool_of(kind::average, 3, 2, {0, 0, 1, 1}, false, true));
  check({"pool", [&](model_builder& b, const metadata::dim& n) { return b.pool(image(b, n, c, 10, 8), a); }});
  check({"pool behind a convolution", [&](model_builder& b, const metadata::dim& n) {
           conv_options o;
           o.channels = c;
           return b.pool(b.conv(image(b, n, 3, 10, 8), o), a);
         }});
  check({"global",
         [&](model_builder& b, const metadata::dim& n) { return b.global_average_pool(image(b, n, c, 5, 7)); }});
}

TEST_CASE("linear layers agree with the reference", "[gpu]") {
  struct shape {
    std::int64_t depth, features;
    bool relu, transposed, bias;
  };
  auto s = GENERATE(shape{7, 5, false, false, true}, shape{64, 10, true, true, true}, shape{33, 1, false, true, false},
                    shape{1, 17, true, false, true}, shape{200, 100, false, true, true});
  check({"rows", [&](model_builder& b, const metadata::dim& n) {
           return b.linear(b.input("x", {n, s.depth}), s.features, s.relu, s.transposed, s.bias);
         }});
  check({"leading axes are rows", [&](model_builder& b, const metadata::dim& n) {
           return b.linear(b.input("x", {n, 3, s.depth}), s.features, s.relu, s.transposed, s.bias);
         }});
}

TEST_CASE("alpha, beta and any addend of a linear layer count", "[gpu]") {
  auto shape =
      GENERATE(std::vector<std::int64_t>{}, std::vector<std::int64_t>{1}, std::vector<std::int64_t>{6},
               std::vector<std::int64_t>{1, 6}, std::vector<std::int64_t>{3, 1}, std::vector<std::int64_t>{3, 6});
  check({"addend", [&](model_builder& b, const metadata::dim& n) {
           metadata::linear_layer a;
           a.alpha = 0.5F;
           a.beta = -2.0F;
           a.act = activation::relu;
           auto x = b.input("x", {n, 3, 4});
           return b.layer(a, {x, b.weight({4, 6}, 1.0F), b.weight(shape, 1.0F)})[0];
         }});
}

TEST_CASE("matrix products agree with the reference", "[gpu]") {
  auto ta = GENERATE(false, true);
  auto tb = GENERATE(false, true);
  metadata::matmul_layer a{ta, tb, ta ? 0.25F : 1.0F};
  auto last = [](bool t, std::int64_t rows, std::int64_t columns) {
    return t ? std::pair(columns, rows) : std::pair(rows, columns);
  };
  auto [p, q] = last(ta, 5, 7);
  auto [r, s] = last(tb, 7, 3);
  check({"batched", [&, p = p, q = q, r = r, s = s](model_builder& b, const metadata::dim& n) {
           return b.matmul(b.input("x", {n, 2, p, q}), b.input("y", {n, 2, r, s}), a);
         }});
  check({"broadcast", [&, p = p, q = q, r = r, s = s](model_builder& b, const metadata::dim& n) {
           return b.matmul(b.input("x", {n, 1, p, q}), b.input("y", {2, r, s}), a);
         }});
  check({"constant on the right", [&, p = p, q = q, r = r, s = s](model_builder& b, const metadata::dim& n) {
           return b.matmul(b.input("x", {n, p, q}), b.weight({r, s}, 1.0F), a);
         }});
}

TEST_CASE("element-wise layers agree with the reference", "[gpu]") {
  auto relu = GENERATE(false, true);
  auto c = GENERATE(std::int64_t{3}, std::int64_t{16});
  check({"batch norm of a picture",
         [&](model_builder& b, const metadata::dim& n) { return b.batch_norm(image(b, n, c, 5, 4), relu); }});
  check({"batch norm of rows", [&](model_builder& b, const metadata::dim& n) {
           return b.batch_norm(b.input("x", {n, c}), relu);
         }});
  check({"batch norm behind a convolution", [&](model_builder& b, const metadata::dim& n) {
           return b.relu(b.batch_norm(b.conv(image(b, n, 3, 6, 6), {.channels = c}), relu));
         }});
  check({"batch norm of six axes", [&](model_builder& b, const metadata::dim& n) {
           return b.batch_norm(b.input("x", {n, c, 2, 1, 3, 2}), relu);
         }});
  check({"sum of three", [&](model_builder& b, const metadata::dim& n) {
           auto x = image(b, n, c, 6, 6);
           conv_options o;
           o.channels = c;
           o.pads = {1, 1, 1, 1};
           return b.add({b.conv(x, o), x, b.relu(x)}, relu);
         }});
  check({"twice the same", [&](model_builder& b, const metadata::dim& n) {
           auto x = b.conv(image(b, n, c, 6, 6), {});
           return b.add({x, x}, relu);
         }});
  check({"per channel", [&](model_builder& b, const metadata::dim& n) {
           return b.add({b.weight({c, 1, 1}, 1.0F), b.conv(image(b, n, 3, 6, 6), {.channels = c})}, relu);
         }});
  check({"none has the result's extents", [&](model_builder& b, const metadata::dim& n) {
           return b.add({b.input("x", {n, 1, 3}), b.input("y", {c, 1}), b.weight({}, 1.0F)}, relu);
         }});
}

TEST_CASE("softmax agrees with the reference along any axis", "[gpu]") {
  auto flatten = GENERATE(false, true);
  auto axis = GENERATE(1U, 2U, 3U);
  check({"softmax",
         [&](model_builder& b, const metadata::dim& n) { return b.softmax(image(b, n, 5, 4, 3), axis, flatten); }});
  check({"softmax behind a convolution", [&](model_builder& b, const metadata::dim& n) {
           return b.softmax(b.conv(image(b, n, 3, 5, 5), {.channels = 5}), axis, flatten);
         }});
}

TEST_CASE("gather picks rows, also counted from the end", "[gpu]") {
  check({"embedding", [](model_builder& b, const metadata::dim& n) {
           return b.gather(b.weight({11, 5}, 1.0F), b.input("i", {n, 3}, element_type::int64));
         }});
  check({"from the end", [](model_builder& b, const metadata::dim& n) {
           return b.gather(b.input("x", {n, 4, 3}), b.integers({2}, {-1, 0}), 1);
         }});
  check({"one row", [](model_builder& b, const metadata::dim& n) {
           return b.gather(b.conv(image(b, n, 3, 5, 5), {}), b.integers({}, {2}), 1);
         }});
  check({"integers", [](model_builder& b, const metadata::dim& n) {
           return b.gather(b.input("x", {n, 6}, element_type::int64), b.integers({3}, {5, -6, 2}), 1);
         }});
}

TEST_CASE("transpose agrees with the reference", "[gpu]") {
  using permutation = std::vector<std::uint32_t>;
  auto p = GENERATE(permutation{0, 1, 2, 3}, permutation{3, 2, 1, 0}, permutation{0, 2, 3, 1}, permutation{1, 0, 3, 2});
  check({"float32", [&](model_builder& b, const metadata::dim& n) { return b.transpose(image(b, n, 5, 4, 3), p); }});
  check({"int64", [&](model_builder& b, const metadata::dim& n) {
           return b.transpose(b.input("x", {n, 5, 4, 3}, element_type::int64), p);
         }});
  check({"behind a convolution", [&](model_builder& b, const metadata::dim& n) {
           return b.transpose(b.conv(image(b, n, 3, 6, 5), {.channels = 17}), p);
         }});
}

TEST_CASE("an LSTM agrees with the reference in each of its outputs", "[gpu]") {
  auto wanted = GENERATE(0U, 1U, 2U);
  auto hidden = GENERATE(std::int64_t{1}, std::int64_t{7}, std::int64_t{32});
  auto initial = GENERATE(false, true);
  check({"lstm", [&](model_builder& b, const metadata::dim& n) {
           lstm_options o;
           o.hidden = hidden;
           o.bias = !initial;
           if (initial) {
             o.h0 = b.input("h0", {1, n, hidden});
             o.c0 = b.input("c0", {1, n, hidden});
           }
           o.wanted = {wanted == 0, wanted == 1, wanted == 2};
           return b.lstm(b.input("x", {5, n, 9}), o)[wanted];
         }});
}

TEST_CASE("views and copies keep the bytes, whatever the layout was", "[gpu]") {
  check({"flatten behind a convolution", [](model_builder& b, const metadata::dim& n) {
           return b.linear(b.view(b.conv(image(b, n, 3, 5, 5), {.channels = 17}), {n, 17 * 9}), 4);
         }});
  check({"an output that is a view", [](model_builder& b, const metadata::dim& n) {
           return b.view(b.conv(image(b, n, 3, 5, 5), {.channels = 17}), {n, 17 * 9});
         }});
  check({"a picture again", [](model_builder& b, const metadata::dim& n) {
           auto flat = b.view(b.conv(image(b, n, 3, 6, 6), {.channels = 4}), {n, 64});
           return b.conv(b.view(flat, {n, 16, 2, 2}), {.kernel = {2, 2}});
         }});
  check({"copy", [](model_builder& b, const metadata::dim& n) { return b.copy(image(b, n, 3, 2, 2)); }});
  check({"copy of integers", [](model_builder& b, const metadata::dim& n) {
           return b.copy(b.input("x", {n, 3}, element_type::int64));
         }});
  check({"copy behind a convolution", [](model_builder& b, const metadata::dim& n) {
           return b.copy(b.conv(image(b, n, 3, 6, 6), {.channels = 17}));
         }});
}

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
  const auto exact = [](const layer_case& c) {
    for (const auto& on : backends()) {
      auto machine = demand(on.open(0));
      bench_device device(on, *machine, 0);
      model_builder builder(c.name, 7);
      auto n = builder.symbol("N");
      auto out = c.make(builder, n);
      auto model = builder.output(out).build();
      CAPTURE(c.name);
      auto inputs = random_inputs(*model, {3}, 5);
      CHECK(same_bits(device.infer(*device.plan(model, {3}), inputs), reference_run(*model, {3}, inputs)));
    }
  };
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
