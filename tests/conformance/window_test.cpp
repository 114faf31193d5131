#include <catch2/catch.hpp>

#include "tests/conformance/agreement.hpp"

using namespace baton;
using namespace baton::testing;
using metadata::none;
using metadata::pool_layer;
using metadata::same_padding;

TEST_CASE("pools take dilated windows", "[gpu]") {
  using kind = pool_layer::kind;
  const auto mode = GENERATE(kind::max, kind::average);
  const auto include = GENERATE(false, true);
  check_agreement(
      "dilated",
      [&](model_builder& b) {
        pool_layer a;
        a.mode = mode;
        a.kernel = {2, 3};
        a.dilations = {3, 2};
        a.pads = {1, 2, 0, 1};
        a.count_include_pad = include;
        b.output(b.pool(image(b, b.symbol("N"), 5, 9, 10), a));
      },
      batches);
}

TEST_CASE("a mean that counts the padding does not count what ceil_mode hangs over it", "[gpu]") {
  const auto pad = GENERATE(std::int64_t{0}, std::int64_t{1});
  const auto dilation = GENERATE(std::int64_t{1}, std::int64_t{2});
  check_agreement(
      "overhang",
      [&](model_builder& b) {
        pool_layer a;
        a.mode = pool_layer::kind::average;
        a.kernel = {3, 3};
        a.strides = {2, 3};
        a.dilations = {dilation, dilation};
        a.pads = {pad, pad, pad, pad};
        a.count_include_pad = a.ceil_mode = true;
        auto x = image(b, b.symbol("N"), 3, 10, 12);
        b.output(b.pool(x, a), "of an input");
        b.output(b.pool(b.conv(x, {.channels = 16, .pads = {1, 1, 1, 1}}), a), "of a convolution");
      },
      batches);
}

TEST_CASE("a window that ceil_mode adds behind the input is left out", "[gpu]") {
  const auto mode = GENERATE(pool_layer::kind::max, pool_layer::kind::average);
  check_agreement(
      "left out",
      [&](model_builder& b) {
        pool_layer a;
        a.mode = mode;
        a.kernel = {2, 2};
        a.strides = {3, 3};
        a.pads = {0, 0, 1, 1};
        a.ceil_mode = true;
        const auto y = b.pool(image(b, b.symbol("N"), 3, 9, 8), a);
        CHECK(metadata::to_string(b.shape(y), b.parts().symbols) == "[N,3,3,3]");
        b.output(y);
      },
      batches);
}

TEST_CASE("padding to the same size follows the extents it is run with", "[gpu]") {
  const auto same = GENERATE(same_padding::upper, same_padding::lower);
  const std::vector<metadata::symbol_values> shapes{{2, 7, 9}, {1, 8, 8}, {1, 1, 5}};
  check_agreement(
      "convolution",
      [&](model_builder& b) {
        const auto n = b.symbol("N");
        const auto h = b.symbol("H");
        const auto w = b.symbol("W");
        const auto x = b.input("x", {n, 3, h, w});
        metadata::conv_layer a;
        a.strides = {2, 3};
        a.dilations = {2, 1};
        a.same = same;
        b.output(b.layer(a, {x, b.weight({5, 3, 3, 4}, 0.3F), none, none})[0]);
      },
      shapes);
  check_agreement(
      "pools",
      [&](model_builder& b) {
        const auto n = b.symbol("N");
        const auto h = b.symbol("H");
        const auto w = b.symbol("W");
        const auto x = b.input("x", {n, 3, h, w});
        pool_layer a;
        a.kernel = {3, 2};
        a.strides = {2, 2};
        a.same = same;
        b.output(b.pool(x, a), "max");
        a.mode = pool_layer::kind::average;
        b.output(b.pool(x, a), "average");
        a.count_include_pad = true;
        b.output(b.pool(x, a), "padding counts");
      },
      shapes);
}

TEST_CASE("a convolution's weights may be inputs", "[gpu]") {
  const auto groups = GENERATE(std::int64_t{1}, std::int64_t{2});
  const auto constant_weights = GENERATE(false, true);
  check_agreement(
      "weights",
      [&](model_builder& b) {
        const auto x = image(b, b.symbol("N"), 4, 8, 7);
        metadata::conv_layer a;
        a.groups = groups;
        const auto w = constant_weights ? b.weight({16, 4 / groups, 3, 3}, 0.2F) : b.input("w", {16, 4 / groups, 3, 3});
        b.output(b.layer(a, {x, w, b.input("b", {16}), none})[0], "with bias");
        b.output(b.layer(a, {x, w, none, none})[0], "without");
      },
      batches);
}

TEST_CASE("a batch norm's parameters may be inputs", "[gpu]") {
  const auto channels = GENERATE(std::int64_t{3}, std::int64_t{32});
  check_agreement(
      "batch norm",
      [&](model_builder& b) {
        const auto x = image(b, b.symbol("N"), channels, 4, 5);
        const auto variance = b.weight({channels}, 0.5F, 1.0F);
        const auto scale = b.input("scale", {channels});
        const auto bias = b.input("bias", {channels});
        const auto mean = b.input("mean", {channels});
        b.output(b.layer(metadata::batch_norm_layer{}, {x, scale, bias, mean, variance})[0]);
      },
      batches);
}

TEST_CASE("local response normalisation agrees with the reference", "[gpu]") {
  const auto size = GENERATE(std::int64_t{1}, std::int64_t{2}, std::int64_t{3}, std::int64_t{4}, std::int64_t{5},
                             std::int64_t{1000001});
  const auto channels = GENERATE(std::int64_t{5}, std::int64_t{32});
  const metadata::lrn_layer a{size, 0.5F, 0.6F, 1.5F};
  check_agreement(
      "lrn",
      [&](model_builder& b) {
        const auto x = image(b, b.symbol("N"), channels, 4, 5);
        b.output(b.layer(a, {x})[0], "of an input");
        b.output(b.layer(a, {b.conv(x, {.channels = 16})})[0], "of a convolution");
        b.output(b.layer(a, {b.view(x, {metadata::dim::symbol(0), channels, 20})})[0], "one axis");
      },
      batches);
}

TEST_CASE("global maxima, logarithms of a softmax and masks agree with the reference", "[gpu]") {
  check_agreement(
      "small ones",
      [&](model_builder& b) {
        const auto x = image(b, b.symbol("N"), 17, 4, 5);
        const auto y = b.conv(x, {.channels = 17});
        b.output(b.layer(metadata::global_max_pool_layer{}, {x})[0], "maximum");
        b.output(b.layer(metadata::global_max_pool_layer{}, {y})[0], "maximum behind a convolution");
        b.output(b.layer(metadata::softmax_layer{1, false, true}, {x})[0], "logarithm");
        b.output(b.layer(metadata::softmax_layer{1, true, true}, {y})[0], "flattened logarithm");
        b.output(b.layer(metadata::all_true_layer{}, {x})[0], "mask");
      },
      batches);
}
