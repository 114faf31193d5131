#include <cuda/std/cmath>

#include "gpu/cuda/activation.hpp"
#include "gpu/cuda/launch.hpp"
#include "gpu/cuda/product.hpp"
#include "gpu/cuda/recurrent_cuda.hpp"

namespace baton::gpu::cuda {
namespace {

/// Element `i` of [N, H]; gates [N, 4H] in ONNX's order i, o, f, c.
struct lstm_element {
  std::int64_t hidden;
  __host__ __device__ void operator()(std::int64_t i, span<const float> gates, span<const float> bias,
                                      span<const float> peepholes, span<float> h, span<float> c, span<float> y) const {
    const auto unit = i % hidden;
    const auto sum = [&](std::int64_t gate) {
      const auto at = gate * hidden + unit;
      const auto value = gates[i / hidden * 4 * hidden + at];
      return bias.empty() ? value : value + (bias[at] + bias[4 * hidden + at]);
    };
    const auto peek = [&](std::int64_t gate, float cell) {
      return peepholes.empty() ? 0.0F : peepholes[gate * hidden + unit] * cell;
    };
    const auto before = c[i];
    const auto in = activation_op::sigmoid(sum(0) + peek(0, before));
    const auto forget = activation_op::sigmoid(sum(2) + peek(2, before));
    const auto cell = forget * before + in * ::cuda::std::tanh(sum(3));
    const auto out = activation_op::sigmoid(sum(1) + peek(1, cell));
    c[i] = cell;
    h[i] = out * ::cuda::std::tanh(cell);
    if (!y.empty())
      y[i] = h[i];
  }
};

} // namespace

void build_lstm(layer_builder& b, const metadata::lstm_layer& a) {
  const auto e = extents_of(b, a.hidden, a.direction, 4, 2);
  const auto wide = static_cast<std::size_t>(e.batch * 4 * e.hidden);
  build_directions(b, e, 4, [&](const recurrent_places& at) {
    add_product(b,
                {.rows = e.batch, .depth = e.hidden, .columns = 4 * e.hidden, .transposed_w = true, .accumulate = true},
                at.state[0], at.r, at.input);
    const auto peepholes =
        b.has(rnn_peepholes) ? std::optional(direction_piece(b, rnn_peepholes, at.direction)) : std::nullopt;
    b.add([=](const run_context& c) {
      const auto size = e.state_size();
      const auto units = static_cast<std::size_t>(e.hidden);
      for_each_index(c.stream(), e.batch * e.hidden, lstm_element{e.hidden}, c.read<float>(at.input, wide),
                     read_if(c, at.bias, 8 * units), read_if(c, peepholes, 3 * units),
                     c.write<float>(at.state[0], size), c.write<float>(at.state[1], size), write_if(c, at.y, size));
    });
  });
}

} // namespace baton::gpu::cuda
