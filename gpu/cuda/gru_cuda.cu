#include <cuda/std/cmath>

#include "gpu/cuda/activation.hpp"
#include "gpu/cuda/launch.hpp"
#include "gpu/cuda/product.hpp"
#include "gpu/cuda/recurrent_cuda.hpp"

/// GRU and the plain RNN: one carried state.
namespace baton::gpu::cuda {
namespace {

/// Gates in ONNX's order z, r, h. From x w^T and h r^T, both [N, 3H], to the new h.
struct linear_gru_element {
  std::int64_t hidden;
  __host__ __device__ void operator()(std::int64_t i, span<const float> input, span<const float> recurrent,
                                      span<const float> bias, span<float> h, span<float> y) const {
    const auto unit = i % hidden;
    const auto of = [&](span<const float> from, std::int64_t gate, std::int64_t bias_row) {
      const auto at = gate * hidden + unit;
      const auto value = from[i / hidden * 3 * hidden + at];
      return bias.empty() ? value : value + bias[bias_row * 3 * hidden + at];
    };
    const auto z = activation_op::sigmoid(of(input, 0, 0) + of(recurrent, 0, 1));
    const auto reset = activation_op::sigmoid(of(input, 1, 0) + of(recurrent, 1, 1));
    const auto fresh = ::cuda::std::tanh(of(input, 2, 0) + reset * of(recurrent, 2, 1));
    h[i] = (1.0F - z) * fresh + z * h[i];
    if (!y.empty())
      y[i] = h[i];
  }
};

/// The first half without `linear_before_reset`: z in place of the first half of h r^T (of the gates z and r alone,
/// [N, 2H]), and r * h.
struct gru_reset_element {
  std::int64_t hidden;
  __host__ __device__ void operator()(std::int64_t i, span<const float> input, span<const float> bias,
                                      span<const float> h, span<float> recurrent, span<float> reset_h) const {
    const auto unit = i % hidden;
    const auto row = i / hidden;
    const auto gate = [&](std::int64_t which) {
      const auto at = which * hidden + unit;
      const auto sum = input[row * 3 * hidden + at] + recurrent[row * 2 * hidden + at];
      return activation_op::sigmoid(bias.empty() ? sum : sum + (bias[at] + bias[3 * hidden + at]));
    };
    const auto z = gate(0);
    reset_h[i] = gate(1) * h[i];
    recurrent[row * 2 * hidden + unit] = z;
  }
};

/// The second half: z lies in [N, 2H], `reset` [N, H] is (r * h) r_h^T.
struct gru_element {
  std::int64_t hidden;
  __host__ __device__ void operator()(std::int64_t i, span<const float> input, span<const float> update,
                                      span<const float> reset, span<const float> bias, span<float> h,
                                      span<float> y) const {
    const auto unit = i % hidden;
    const auto row = i / hidden;
    const auto at = 2 * hidden + unit;
    auto sum = input[row * 3 * hidden + at] + reset[i];
    if (!bias.empty())
      sum += bias[at] + bias[3 * hidden + at];
    const auto z = update[row * 2 * hidden + unit];
    h[i] = (1.0F - z) * ::cuda::std::tanh(sum) + z * h[i];
    if (!y.empty())
      y[i] = h[i];
  }
};

struct rnn_element {
  std::int64_t hidden;
  activation_op act;
  __host__ __device__ void operator()(std::int64_t i, span<const float> sums, span<const float> bias, span<float> h,
                                      span<float> y) const {
    const auto unit = i % hidden;
    h[i] = act(bias.empty() ? sums[i] : sums[i] + (bias[unit] + bias[hidden + unit]));
    if (!y.empty())
      y[i] = h[i];
  }
};

product_shape shape_of(std::int64_t rows, std::int64_t depth, std::int64_t columns, bool accumulate = false) {
  return {.rows = rows, .depth = depth, .columns = columns, .transposed_w = true, .accumulate = accumulate};
}

void add_linear_gru_step(layer_builder& b, const recurrent_extents& e, const recurrent_places& at,
                         const place& recurrent) {
  add_product(b, shape_of(e.batch, e.hidden, 3 * e.hidden), at.state[0], at.r, recurrent);
  b.add([=](const run_context& c) {
    const auto size = e.state_size();
    for_each_index(c.stream(), e.batch * e.hidden, linear_gru_element{e.hidden}, c.read<float>(at.input, 3 * size),
                   c.read<float>(recurrent, 3 * size), read_if(c, at.bias, 6 * static_cast<std::size_t>(e.hidden)),
                   c.write<float>(at.state[0], size), write_if(c, at.y, size));
  });
}

} // namespace

void build_gru(layer_builder& b, const metadata::gru_layer& a) {
  const auto e = extents_of(b, a.hidden, a.direction, 3, 1);
  const auto size = e.state_size();
  const auto recurrent = b.scratch((a.linear_before_reset ? 3 : 2) * size * sizeof(float));
  const auto reset_h = b.scratch(size * sizeof(float));
  const auto reset = b.scratch(size * sizeof(float));
  build_directions(b, e, 3, [&](const recurrent_places& at) {
    if (a.linear_before_reset)
      return add_linear_gru_step(b, e, at, recurrent);
    const auto biases = 6 * static_cast<std::size_t>(e.hidden);
    add_product(b, shape_of(e.batch, e.hidden, 2 * e.hidden), at.state[0], at.r, recurrent);
    b.add([=](const run_context& c) {
      for_each_index(c.stream(), e.batch * e.hidden, gru_reset_element{e.hidden}, c.read<float>(at.input, 3 * size),
                     read_if(c, at.bias, biases), c.read<float>(at.state[0], size), c.write<float>(recurrent, 2 * size),
                     c.write<float>(reset_h, size));
    });
    const auto hidden_rows = at.r.shifted(static_cast<std::size_t>(2 * e.hidden * e.hidden) * sizeof(float));
    add_product(b, shape_of(e.batch, e.hidden, e.hidden), reset_h, hidden_rows, reset);
    b.add([=](const run_context& c) {
      for_each_index(c.stream(), e.batch * e.hidden, gru_element{e.hidden}, c.read<float>(at.input, 3 * size),
                     c.read<float>(recurrent, 2 * size), c.read<float>(reset, size), read_if(c, at.bias, biases),
                     c.write<float>(at.state[0], size), write_if(c, at.y, size));
    });
  });
}

void build_rnn(layer_builder& b, const metadata::rnn_layer& a) {
  const auto e = extents_of(b, a.hidden, a.direction, 1, 1);
  const rnn_element op{e.hidden, make_activation({a.act})};
  build_directions(b, e, 1, [&](const recurrent_places& at) {
    add_product(b, shape_of(e.batch, e.hidden, e.hidden, true), at.state[0], at.r, at.input);
    b.add([=](const run_context& c) {
      const auto size = e.state_size();
      for_each_index(c.stream(), e.batch * e.hidden, op, c.read<float>(at.input, size),
                     read_if(c, at.bias, 2 * static_cast<std::size_t>(e.hidden)), c.write<float>(at.state[0], size),
                     write_if(c, at.y, size));
    });
  });
}

} // namespace baton::gpu::cuda
