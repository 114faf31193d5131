#pragma once

#include <string>
#include <vector>

#include "tests/support/model_builder.hpp"

/// Whole models at the shapes that the suite runs them at.
namespace baton::testing {

struct model_at {
  std::string name;
  model_ptr model;
  metadata::symbol_values symbols;
};

inline const std::vector<model_at>& zoo() {
  static const std::vector<model_at> all = [] {
    std::vector<model_at> result;
    auto cnn = tiny_cnn();
    auto resnet = tiny_resnet();
    auto lstm = tiny_lstm();
    for (std::int64_t batch : {1, 4}) {
      result.push_back({"tiny_cnn", cnn, {batch}});
      result.push_back({"tiny_resnet", resnet, {batch}});
      result.push_back({"tiny_lstm", lstm, {batch, 1}});
      result.push_back({"tiny_lstm", lstm, {batch, 6}});
      result.push_back({"tiny_lstm", lstm, {batch, 11}});
    }
    // All outputs of an LSTM between convolutions in blocked layouts, and an input read late.
    model_builder b("mixed", 5);
    auto n = b.symbol("N");
    conv_options o;
    o.channels = 17;
    o.relu = true;
    auto late = b.input("late", {n, 17, 2, 2});
    auto x = b.conv(b.input("image", {n, 3, 6, 6}), o);
    auto steps = b.transpose(b.view(x, {n, 16, 17}), {1, 0, 2});
    auto y = b.lstm(steps, {.hidden = 17});
    auto picture = b.view(b.transpose(y[0], {2, 1, 3, 0}), {n, 17, 4, 4});
    o.residual = late;
    auto z = b.conv(picture, o);
    b.output(b.add({z, late}), "sum").output(b.view(y[1], {n, 17}), "h").output(y[2], "c");
    auto mixed = b.build();
    result.push_back({"mixed", mixed, {1}});
    result.push_back({"mixed", mixed, {3}});
    // Recurrent layers of several parts and directions, with everything they carry and write piecemeal.
    model_builder r("recurrent", 6);
    n = r.symbol("N");
    auto s = r.symbol("S");
    auto both = metadata::recurrent_direction::bidirectional;
    auto lstm_out = r.lstm(r.input("x", {s, n, 5}), {.hidden = 6, .direction = both, .peepholes = true});
    auto merged = r.view(r.transpose(lstm_out[0], {0, 2, 1, 3}), {s, n, 12});
    auto gru_out = r.gru(merged, {.hidden = 7, .direction = both, .linear_before_reset = true});
    auto back = r.gru(merged, {.hidden = 4, .direction = metadata::recurrent_direction::reverse});
    auto last = r.rnn(r.view(gru_out[0], {s, n, 14}), {.hidden = 3, .h0 = r.input("h0", {1, n, 3})});
    for (const auto& outputs : {lstm_out, gru_out, back, last})
      for (auto v : outputs)
        r.output(v);
    auto recurrent = r.build();
    result.push_back({"recurrent", recurrent, {1, 3}});
    result.push_back({"recurrent", recurrent, {2, 2}});
    // Joins of joins, values that are joined twice, and a sum that must not be made in place of what was joined.
    model_builder j("joined", 7);
    n = j.symbol("N");
    auto join = [&](const std::vector<metadata::value_index>& v) { return j.layer(metadata::concat_layer{1}, v)[0]; };
    conv_options same{.channels = 16, .pads = {1, 1, 1, 1}};
    auto first = j.conv(image(j, n, 3, 8, 8), same);
    auto second = j.conv(first, same);
    auto both_of_them = join({first, second});
    auto third = j.conv(j.batch_norm(both_of_them, true), same);
    auto three = join({both_of_them, third});
    same.channels = 48;
    same.residual = three;
    auto sum = j.conv(three, same);
    j.output(j.max_pool(sum, 2, 2)).output(j.max_pool(join({first, third, first}), 2, 2)).output(second);
    auto joined = j.build();
    result.push_back({"joined", joined, {1}});
    result.push_back({"joined", joined, {2}});
    // Channels of groups, shuffled.
    model_builder g("shuffled", 8);
    n = g.symbol("N");
    auto grouped = g.conv(image(g, n, 16, 6, 6), {.channels = 24, .kernel = {1, 1}, .groups = 4, .relu = true});
    auto shuffle = g.transpose(g.view(grouped, {n, 4, 6, 6, 6}), {0, 2, 1, 3, 4});
    auto apart = g.conv(g.view(shuffle, {n, 24, 6, 6}), {.channels = 24, .pads = {1, 1, 1, 1}, .groups = 24});
    g.output(g.conv(apart, {.channels = 16, .kernel = {1, 1}, .groups = 4}));
    auto shuffled = g.build();
    result.push_back({"shuffled", shuffled, {1}});
    result.push_back({"shuffled", shuffled, {3}});
    return result;
  }();
  return all;
}

} // namespace baton::testing
