#include <catch2/catch.hpp>

#include "tests/conformance/agreement.hpp"

using namespace baton;
using namespace baton::testing;
using metadata::activation;
using metadata::element_type;

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
