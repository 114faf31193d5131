#include <algorithm>
#include <random>

#include "metadata/numeric.hpp"
#include "tests/support/model_builder.hpp"

namespace baton::testing {

using namespace metadata;

model_ptr tiny_cnn(std::uint64_t seed) {
  model_builder b("tiny_cnn", seed);
  const auto n = b.symbol("N");
  auto x = b.input("image", {n, 1, 8, 8});
  conv_options o;
  o.pads = {1, 1, 1, 1};
  o.channels = 6;
  x = b.max_pool(b.relu(b.conv(x, o)), 2, 2);
  o.channels = 12;
  o.relu = true;
  x = b.max_pool(b.conv(x, o), 2, 2);
  x = b.linear(b.view(x, {n, 48}), 10, false, true);
  return b.output(b.softmax(x, 1), "probs").build();
}

model_ptr tiny_lstm(std::uint64_t seed) {
  constexpr std::int64_t hidden = 12;
  model_builder b("tiny_lstm", seed);
  const auto n = b.symbol("N");
  const auto s = b.symbol("S");
  const auto tokens = b.input("tokens", {n, s}, element_type::int64);
  const auto table = b.weight({32, 8}, 1.0F);
  const auto steps = b.transpose(b.gather(table, tokens), {1, 0, 2});
  lstm_options o;
  o.hidden = hidden;
  o.wanted = {true, false, false};
  const auto y = b.view(b.lstm(steps, o)[0], {s, n, hidden});
  const auto last = b.gather(y, b.integers({}, {-1}));
  return b.output(b.linear(last, 5), "logits").build();
}

model_ptr tiny_resnet(std::uint64_t seed) {
  model_builder b("tiny_resnet", seed);
  const auto n = b.symbol("N");
  conv_options plain;
  plain.pads = {1, 1, 1, 1};
  plain.bias = false;
  plain.batch_norm = true;
  plain.relu = true;
  auto x = b.max_pool(b.conv(b.input("image", {n, 3, 16, 16}), plain), 3, 2, 1);
  for (int block = 0; block < 2; ++block) {
    auto second = plain;
    second.residual = x;
    x = b.conv(b.conv(x, plain), second);
  }
  // The strided block, whose shortcut is a convolution too.
  auto first = plain;
  first.channels = 16;
  first.strides = {2, 2};
  auto shortcut = first;
  shortcut.kernel = {1, 1};
  shortcut.pads = {0, 0, 0, 0};
  shortcut.relu = false;
  auto second = plain;
  second.channels = 16;
  const auto inner = b.conv(x, first);
  second.residual = b.conv(x, shortcut);
  x = b.global_average_pool(b.conv(inner, second));
  return b.output(b.linear(b.view(x, {n, 16}), 10), "logits").build();
}

namespace {

/// How many rows the smallest table has that is indexed by input `v`.
std::int64_t index_limit(const model& m, value_index v, const symbol_values& symbols) {
  std::int64_t limit = 16;
  for (const auto& l : m.layers())
    if (const auto* a = std::get_if<gather_layer>(&l.attributes); a != nullptr && m.root(l.inputs[1]) == v)
      limit = std::min(limit, m.shape(l.inputs[0], symbols)[a->axis]);
  return limit;
}

} // namespace

std::vector<tensor> random_inputs(const model& m, const symbol_values& symbols, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<tensor> inputs;
  for (const auto v : m.inputs()) {
    const auto type = m.values()[v].type;
    tensor wide(element_type::float64, m.shape(v, symbols));
    const auto is_real = type == element_type::float32 || type == element_type::float64 || size_of(type) == 2;
    const auto limit = static_cast<std::uint64_t>(index_limit(m, v, symbols));
    for (auto& e : wide.as_mutable<double>())
      e = is_real ? static_cast<double>(random() >> 40) / (1 << 23) - 1.0 : static_cast<double>(random() % limit);
    auto t = converted(wide, type);
    inputs.push_back(std::move(t));
  }
  return inputs;
}

} // namespace baton::testing
