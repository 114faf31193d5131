#include <catch2/catch.hpp>

#include "tests/conformance/agreement.hpp"

using namespace baton;
using namespace baton::testing;
using metadata::none;
using metadata::recurrent_direction;
using metadata::value_index;

namespace {

constexpr auto all_directions = {recurrent_direction::forward, recurrent_direction::reverse,
                                 recurrent_direction::bidirectional};
/// N and S, the larger first: the batch of one then uses weights as the larger one had them laid out.
const std::vector<metadata::symbol_values> shapes{{3, 4}, {1, 4}, {2, 1}};

/// x [S,N,9]
value_index steps(model_builder& b) {
  const auto n = b.symbol("N");
  const auto s = b.symbol("S");
  return b.input("x", {s, n, 9});
}

value_index state(model_builder& b, const char* name, recurrent_direction direction, std::int64_t hidden) {
  return b.input(name, {metadata::directions_of(direction), metadata::dim::symbol(0), hidden});
}

void output_all(model_builder& b, const std::vector<value_index>& results) {
  for (const auto v : results)
    if (v != none)
      b.output(v);
}

} // namespace

TEST_CASE("an LSTM agrees with the reference in every direction, with all its operands and without", "[gpu]") {
  const auto direction = GENERATE(values(all_directions));
  const auto full = GENERATE(false, true);
  const auto hidden = GENERATE(std::int64_t{1}, std::int64_t{7}, std::int64_t{32});
  check_agreement(
      "lstm",
      [&](model_builder& b) {
        const auto x = steps(b);
        lstm_options o;
        o.hidden = hidden;
        o.direction = direction;
        o.bias = o.peepholes = full;
        if (full) {
          o.h0 = state(b, "h0", direction, hidden);
          o.c0 = state(b, "c0", direction, hidden);
        }
        output_all(b, b.lstm(x, o));
      },
      shapes);
}

TEST_CASE("a GRU agrees with the reference in every direction, whenever the reset is applied", "[gpu]") {
  const auto direction = GENERATE(values(all_directions));
  const auto before = GENERATE(false, true);
  const auto full = GENERATE(false, true);
  const auto hidden = GENERATE(std::int64_t{1}, std::int64_t{7}, std::int64_t{32});
  check_agreement(
      "gru",
      [&](model_builder& b) {
        const auto x = steps(b);
        rnn_options o;
        o.hidden = hidden;
        o.direction = direction;
        o.linear_before_reset = before;
        o.bias = full;
        if (full)
          o.h0 = state(b, "h0", direction, hidden);
        output_all(b, b.gru(x, o));
      },
      shapes);
}

TEST_CASE("a plain RNN agrees with the reference with each of its activations", "[gpu]") {
  using enum metadata::function;
  const auto direction = GENERATE(values(all_directions));
  const auto act = GENERATE(tanh, relu, sigmoid);
  check_agreement(
      "rnn",
      [&](model_builder& b) {
        const auto x = steps(b);
        rnn_options o;
        o.direction = direction;
        o.act = act;
        o.h0 = state(b, "h0", direction, o.hidden);
        output_all(b, b.rnn(x, o));
      },
      shapes);
}

TEST_CASE("any results of a recurrent layer may be left out", "[gpu]") {
  const auto direction = GENERATE(values(all_directions));
  const auto wanted = GENERATE(0U, 1U, 2U);
  check_agreement(
      "lstm",
      [&](model_builder& b) {
        const auto x = steps(b);
        output_all(b, b.lstm(x, {.wanted = {wanted == 0, wanted == 1, wanted == 2}, .direction = direction}));
      },
      shapes);
  if (wanted < 2)
    check_agreement(
        "gru",
        [&](model_builder& b) {
          const auto x = steps(b);
          output_all(b, b.gru(x, {.direction = direction, .wanted = {wanted == 0, wanted == 1}}));
        },
        shapes);
}

TEST_CASE("the weights of a recurrent layer may be inputs", "[gpu]") {
  const auto direction = GENERATE(values(all_directions));
  const auto d = metadata::directions_of(direction);
  check_agreement(
      "lstm",
      [&](model_builder& b) {
        const auto x = steps(b);
        const auto w = b.input("w", {d, 4 * 5, 9});
        const auto r = b.input("r", {d, 4 * 5, 5});
        const auto bias = b.input("b", {d, 8 * 5});
        const auto p = b.input("p", {d, 3 * 5});
        output_all(b, b.layer(metadata::lstm_layer{5, direction}, {x, w, r, bias, none, none, p}));
      },
      shapes);
  check_agreement(
      "gru",
      [&](model_builder& b) {
        const auto x = steps(b);
        const auto w = b.input("w", {d, 3 * 5, 9});
        const auto r = b.weight({d, 3 * 5, 5}, 0.5F);
        const auto bias = b.input("b", {d, 6 * 5});
        output_all(b, b.layer(metadata::gru_layer{5, direction, true}, {x, w, r, bias, none}));
      },
      shapes);
}
