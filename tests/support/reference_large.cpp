#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/support/reference_loops.hpp"

/// The layer kinds with more than a few loops.
namespace baton::testing {

using namespace metadata;

namespace {

std::size_t at4(const array& a, std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) {
  return static_cast<std::size_t>(((n * a.shape[1] + c) * a.shape[2] + h) * a.shape[3] + w);
}

double sigmoid(double x) {
  return 1.0 / (1.0 + std::exp(-x));
}

} // namespace

std::vector<array> reference_conv(const conv_layer& a, const operand_list& in, const std::vector<shape_t>& out) {
  const auto has = [&](std::size_t i) { return i < in.size() && in[i] != nullptr; };
  const auto& x = *in[0];
  const auto& w = *in[1];
  array y(out[0]);
  const auto per_group = w.shape[1];
  const auto out_per_group = w.shape[0] / a.groups;
  each(y.shape, [&](const shape_t& i) {
    auto k = i[1];
    double sum = 0;
    for (std::int64_t c = 0; c < per_group; ++c)
      for (std::int64_t r = 0; r < w.shape[2]; ++r)
        for (std::int64_t s = 0; s < w.shape[3]; ++s) {
          auto h = i[2] * a.strides[0] - a.pads[0] + r * a.dilations[0];
          auto v = i[3] * a.strides[1] - a.pads[1] + s * a.dilations[1];
          if (h >= 0 && h < x.shape[2] && v >= 0 && v < x.shape[3])
            sum += x.data[at4(x, i[0], k / out_per_group * per_group + c, h, v)] * w.data[at4(w, k, c, r, s)];
        }
    auto channel = static_cast<std::size_t>(k);
    if (has(2))
      sum += in[2]->data[channel];
    if (a.has_batch_norm)
      sum = (sum - in[6]->data[channel]) / std::sqrt(in[7]->data[channel] + a.epsilon) * in[4]->data[channel]
            + in[5]->data[channel];
    auto& result = y.data[at4(y, i[0], i[1], i[2], i[3])];
    result = activate(has(3) ? sum + in[3]->data[at4(y, i[0], i[1], i[2], i[3])] : sum, a.act);
  });
  return {y};
}

std::vector<array> reference_pool(const pool_layer& a, const operand_list& in, const std::vector<shape_t>& out) {
  const auto& x = *in[0];
  array y(out[0]);
  const bool max = a.mode == pool_layer::kind::max;
  each(y.shape, [&](const shape_t& i) {
    double sum = 0;
    double largest = -std::numeric_limits<double>::infinity();
    std::int64_t inside = 0;
    std::int64_t padded = 0;
    for (std::int64_t r = 0; r < a.kernel[0]; ++r)
      for (std::int64_t s = 0; s < a.kernel[1]; ++s) {
        auto h = i[2] * a.strides[0] - a.pads[0] + r;
        auto v = i[3] * a.strides[1] - a.pads[1] + s;
        padded += h < x.shape[2] + a.pads[2] && v < x.shape[3] + a.pads[3];
        if (h < 0 || h >= x.shape[2] || v < 0 || v >= x.shape[3])
          continue;
        auto e = x.data[at4(x, i[0], i[1], h, v)];
        sum += e;
        largest = std::max(largest, e);
        ++inside;
      }
    y.data[at4(y, i[0], i[1], i[2], i[3])] =
        max ? largest : sum / static_cast<double>(a.count_include_pad ? padded : inside);
  });
  return {y};
}

std::vector<array> reference_lstm(const lstm_layer& a, const operand_list& in) {
  const auto has = [&](std::size_t i) { return i < in.size() && in[i] != nullptr; };
  const auto& x = *in[0];
  const auto hidden = static_cast<std::size_t>(a.hidden);
  const auto n = static_cast<std::size_t>(x.shape[1]);
  const auto depth = static_cast<std::size_t>(x.shape[2]);
  array y({x.shape[0], 1, x.shape[1], a.hidden});
  array h({1, x.shape[1], a.hidden});
  array c = h;
  if (has(4))
    h = *in[4];
  if (has(5))
    c = *in[5];
  for (std::size_t t = 0; t < static_cast<std::size_t>(x.shape[0]); ++t) {
    const auto before = h;
    for (std::size_t b = 0; b < n; ++b)
      for (std::size_t o = 0; o < hidden; ++o) {
        double gate[4]; // i, o, f, c
        for (std::size_t g = 0; g < 4; ++g) {
          auto row = g * hidden + o;
          gate[g] = has(3) ? in[3]->data[row] + in[3]->data[4 * hidden + row] : 0.0;
          for (std::size_t k = 0; k < depth; ++k)
            gate[g] += x.data[(t * n + b) * depth + k] * in[1]->data[row * depth + k];
          for (std::size_t k = 0; k < hidden; ++k)
            gate[g] += before.data[b * hidden + k] * in[2]->data[row * hidden + k];
        }
        auto& cell = c.data[b * hidden + o];
        cell = sigmoid(gate[2]) * cell + sigmoid(gate[0]) * std::tanh(gate[3]);
        h.data[b * hidden + o] = sigmoid(gate[1]) * std::tanh(cell);
      }
    std::copy(h.data.begin(), h.data.end(), y.data.begin() + static_cast<std::ptrdiff_t>(t * n * hidden));
  }
  return {y, h, c};
}

} // namespace baton::testing
