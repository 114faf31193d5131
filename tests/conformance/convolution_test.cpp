#include <catch2/catch.hpp>

#include "tests/conformance/agreement.hpp"

using namespace baton;
using namespace baton::testing;

namespace {

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
