#include <catch2/catch.hpp>

#include "tests/support/model_builder.hpp"

using namespace baton;
using namespace baton::metadata;
using namespace baton::testing;
using indices = std::vector<value_index>;

TEST_CASE("inputs live until their last reader and outputs to the end", "[metadata]") {
  model_builder b("chain");
  const auto n = b.symbol("N");
  const auto x = b.input("x", {n, 4});
  const auto unread = b.input("unread", {n, 2});
  const auto h = b.linear(x, 8);
  const auto y = b.relu(h);
  const auto z = b.softmax(y, 1);
  const auto m = b.output(y).output(z).build();

  CHECK(m->live_values({0, 0}) == indices{x});
  CHECK(m->live_values({1, 0}) == indices{h});
  CHECK(m->live_values({2, 0}) == indices{y});
  CHECK(m->live_values({3, 0}) == indices{y, z});
  CHECK(m->live_values(end_position) == indices{y, z});
  CHECK_FALSE(m->last_reader(unread));
  CHECK(m->last_reader(x) == 0U);
  CHECK(m->last_reader(y) == 3U);
  CHECK(m->writer(h) == 0U);
  CHECK_FALSE(m->writer(x));
  CHECK(m->live_bytes({0, 0}) == n * 16);
  CHECK(m->live_bytes({3, 0}) == n * 64);
}

TEST_CASE("a residual stays live across the layers between", "[metadata]") {
  model_builder b("residual");
  const auto n = b.symbol("N");
  const auto x = b.input("x", {n, 4, 8, 8});
  conv_options o;
  o.channels = 4;
  o.pads = {1, 1, 1, 1};
  const auto first = b.relu(x);
  const auto inner = b.conv(first, o);
  o.residual = first;
  const auto sum = b.conv(inner, o);
  const auto m = b.output(sum).build();
  CHECK(m->live_values({1, 0}) == indices{first});
  CHECK(m->live_values({2, 0}) == indices{first, inner});
  CHECK(m->live_values({3, 0}) == indices{sum});
  CHECK(m->live_bytes({2, 0}) == n * (2 * 4 * 64 * 4));
}

TEST_CASE("a read through an alias keeps the bytes live", "[metadata]") {
  model_builder b("alias");
  const auto n = b.symbol("N");
  const auto x = b.input("x", {n, 2, 4});
  const auto y = b.relu(x);
  const auto flat = b.view(y, {n, 8});
  const auto z = b.linear(x, 3);
  const auto w = b.linear(flat, 3);
  const auto m = b.output(z).output(b.view(w, {n, 1, 3}), "w").build();
  CHECK(m->root(flat) == y);
  CHECK(m->live_values({1, 0}) == indices{x, y});
  CHECK(m->live_values({2, 0}) == indices{y, z});
  CHECK(m->live_values({3, 0}) == indices{z, w});
  CHECK(m->last_reader(y) == 2U);
  CHECK(m->values()[flat].batch_axis == 0U);
}

TEST_CASE("inside an LSTM its input, its outputs and its state are live", "[metadata]") {
  model_builder b("lstm");
  const auto n = b.symbol("N");
  const auto s = b.symbol("S");
  const auto tokens = b.input("tokens", {n, s}, element_type::int64);
  const auto table = b.weight({10, 6}, 1.0F);
  const auto x = b.transpose(b.gather(table, tokens), {1, 0, 2});
  lstm_options o;
  o.hidden = 5;
  o.wanted = {true, true, false};
  const auto out = b.lstm(x, o);
  const auto last = b.view(out[1], {n, 5});
  const auto y = b.linear(last, 2);
  const auto m = b.output(out[0], "steps").output(y).build();

  const std::uint32_t lstm = 2;
  REQUIRE(m->layers()[lstm].parts == s);
  const auto x_bytes = s * n * 24;
  const auto y_bytes = s * n * 20;
  const auto h_bytes = n * 20;
  CHECK(m->live_values({lstm, 0}) == indices{x});
  CHECK(m->live_bytes({lstm, 0}) == x_bytes);
  for (const std::uint32_t part : {1U, 2U, 7U}) {
    CHECK(m->live_values({lstm, part}) == indices{x, out[0], out[1]});
    CHECK(m->live_bytes({lstm, part}) == x_bytes + y_bytes + h_bytes + n * (2 * 5 * 4));
  }
  CHECK(m->live_values({lstm + 1, 0}) == indices{out[0], out[1]});
  CHECK(m->live_bytes({lstm + 1, 0}) == y_bytes + h_bytes);
  CHECK(m->live_values(end_position) == indices{out[0], y});
  CHECK(m->values()[x].batch_axis == 1U);
  CHECK(m->values()[out[0]].batch_axis == 2U);
  CHECK(m->values()[last].batch_axis == 0U);
}

TEST_CASE("costs of a ResNet-50 convolution equal the hand formula", "[metadata]") {
  model_builder b("conv");
  const auto n = b.symbol("N");
  const auto x = b.input("x", {n, 128, 28, 28});
  conv_options o;
  o.channels = 128;
  o.pads = {1, 1, 1, 1};
  o.bias = false;
  const auto y = b.conv(x, o);
  const auto m = b.output(y).build();
  // 115.6 million multiply-adds, as published for layer conv3_x of ResNet-50
  CHECK(m->flops(0) == n * (std::int64_t{2} * 128 * 28 * 28 * 128 * 9));
  CHECK(m->traffic(0) == n * (2 * 128 * 28 * 28 * 4) + (128 * 128 * 9 * 4));
  CHECK(m->parameters() == 128 * 128 * 9);
  CHECK(m->weight_bytes() == 128 * 128 * 9 * 4);
}

TEST_CASE("costs count what is fused, groups, rows and steps", "[metadata]") {
  model_builder b("costs");
  const auto n = b.symbol("N");
  const auto s = b.symbol("S");
  conv_options o;
  o.channels = 8;
  o.kernel = {3, 1};
  o.groups = 2;
  o.batch_norm = true;
  o.relu = true;
  const auto image = b.input("image", {n, 4, 10, 10});
  b.output(b.conv(image, o), "a");
  const auto steps = b.input("steps", {s, n, 6});
  lstm_options l;
  l.hidden = 5;
  b.output(b.lstm(steps, l)[0], "b");
  const auto rows = b.input("rows", {n, s, 6});
  b.output(b.linear(rows, 7, true), "c");
  const auto m = b.build();
  CHECK(m->flops(0) == n * (8 * 8 * 10 * (2 * 2 * 3 + 1 + 2 + 1)));
  CHECK(m->flops(1) == s * n * (8 * 5 * 11 + 3 * 20 + 9 * 5));
  CHECK(m->flops(2) == n * s * (7 * (2 * 6 + 1 + 1)));
}

TEST_CASE("the ready-made models are valid and read their own weights", "[metadata]") {
  for (const auto& m : {tiny_cnn(), tiny_lstm(), tiny_resnet()}) {
    INFO(m->name());
    symbol_values symbols(m->symbols().size(), 3);
    CHECK(m->bind(random_inputs(*m, symbols)).value() == symbols);
    for (value_index v = 0; v < m->values().size(); ++v)
      if (m->values()[v].origin == value_origin::weight)
        CHECK(m->read_weight(v).value().bytes() == m->values()[v].weight.bytes);
      else
        CHECK_FALSE(m->read_weight(v));
    for (const auto& l : m->layers())
      for (const auto v : l.outputs)
        CHECK((v == none || m->values()[v].batch_axis));
  }
}
