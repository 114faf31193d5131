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

/// The pad before axis `i`: given, or what makes the result ceil(extent / stride) long.
std::int64_t pad_before(std::int64_t given, same_padding same, std::int64_t in, std::int64_t kernel,
                        std::int64_t dilation, std::int64_t stride) {
  if (same == same_padding::none)
    return given;
  const auto steps = (in + stride - 1) / stride;
  const auto total = std::max<std::int64_t>(0, (steps - 1) * stride + (kernel - 1) * dilation + 1 - in);
  return same == same_padding::upper ? total / 2 : total - total / 2;
}

} // namespace

std::vector<array> reference_conv(const conv_layer& a, const operand_list& in, const std::vector<shape_t>& out) {
  const auto has = [&](std::size_t i) { return i < in.size() && in[i] != nullptr; };
  const auto& x = *in[0];
  const auto& w = *in[1];
  array y(out[0]);
  const auto per_group = w.shape[1];
  const auto out_per_group = w.shape[0] / a.groups;
  const auto top = pad_before(a.pads[0], a.same, x.shape[2], w.shape[2], a.dilations[0], a.strides[0]);
  const auto left = pad_before(a.pads[1], a.same, x.shape[3], w.shape[3], a.dilations[1], a.strides[1]);
  each(y.shape, [&](const shape_t& i) {
    auto k = i[1];
    double sum = 0;
    for (std::int64_t c = 0; c < per_group; ++c)
      for (std::int64_t r = 0; r < w.shape[2]; ++r)
        for (std::int64_t s = 0; s < w.shape[3]; ++s) {
          auto h = i[2] * a.strides[0] - top + r * a.dilations[0];
          auto v = i[3] * a.strides[1] - left + s * a.dilations[1];
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
  const auto top = pad_before(a.pads[0], a.same, x.shape[2], a.kernel[0], a.dilations[0], a.strides[0]);
  const auto left = pad_before(a.pads[1], a.same, x.shape[3], a.kernel[1], a.dilations[1], a.strides[1]);
  each(y.shape, [&](const shape_t& i) {
    double sum = 0;
    double largest = -std::numeric_limits<double>::infinity();
    std::int64_t inside = 0;
    std::int64_t padded = 0;
    for (std::int64_t r = 0; r < a.kernel[0]; ++r)
      for (std::int64_t s = 0; s < a.kernel[1]; ++s) {
        auto h = i[2] * a.strides[0] - top + r * a.dilations[0];
        auto v = i[3] * a.strides[1] - left + s * a.dilations[1];
        // Padding to the same size is as much as the windows need, so all of a window lies in it.
        padded += a.same != same_padding::none || (h < x.shape[2] + a.pads[2] && v < x.shape[3] + a.pads[3]);
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

} // namespace baton::testing
