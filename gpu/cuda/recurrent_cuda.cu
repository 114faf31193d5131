#include "gpu/cuda/recurrent_cuda.hpp"

#include "gpu/cuda/launch.hpp"

namespace baton::gpu::cuda {
namespace {

/// Zeros if there is nothing to copy.
struct copy_element {
  __host__ __device__ void operator()(std::int64_t i, span<const float> from, span<float> to) const {
    to[i] = from.empty() ? 0.0F : from[i];
  }
};

void add_copy(layer_builder& b, const std::optional<place>& from, const place& to, std::size_t count) {
  b.add([=](const run_context& c) {
    for_each_index(c.stream(), static_cast<std::int64_t>(count), copy_element{}, read_if(c, from, count),
                   c.write<float>(to, count));
  });
}

} // namespace

place direction_piece(layer_builder& b, std::size_t role, std::uint32_t d) {
  const auto shape = b.input_shape(role);
  b.require_float(b.input_value(role));
  return b.input(role).shifted(static_cast<std::size_t>(elements_of(shape) / shape[0]) * d * sizeof(float));
}

void build_directions(layer_builder& b, const recurrent_extents& e,
                      const std::function<void(const recurrent_places&)>& add_step) {
  const auto state_bytes = e.state_size() * sizeof(float);
  const auto x_bytes = static_cast<std::ptrdiff_t>(e.batch * e.input) * std::ptrdiff_t{sizeof(float)};
  const auto y_bytes = static_cast<std::ptrdiff_t>(state_bytes * e.directions);
  const auto steps = static_cast<std::uint32_t>(e.steps);
  b.set_parts(steps * static_cast<std::uint32_t>(e.directions), e.states * state_bytes);

  const auto x = b.input(rnn_x);
  const auto outputs = [&](std::size_t role) {
    return b.has_output(role) ? std::optional(b.output(role)) : std::nullopt;
  };
  const auto y = outputs(0);
  std::vector<std::optional<place>> last;
  recurrent_places at;
  for (std::size_t i = 0; i < e.states; ++i) {
    last.push_back(outputs(1 + i));
    at.state.push_back(b.state(i * state_bytes));
  }
  for (std::uint32_t d = 0; d < e.directions; ++d) {
    const part_range parts{d * steps, (d + 1) * steps};
    const auto backwards = e.backwards || d == 1;
    const auto along = [&](const place& first, std::ptrdiff_t bytes) {
      return backwards ? first.shifted(static_cast<std::size_t>(e.steps - 1) * static_cast<std::size_t>(bytes))
                             .advancing(-bytes, parts.first)
                       : first.advancing(bytes, parts.first);
    };
    b.set_range({parts.first, parts.first + 1});
    for (std::size_t i = 0; i < e.states; ++i)
      add_copy(b, b.has(rnn_h0 + i) ? std::optional(direction_piece(b, rnn_h0 + i, d)) : std::nullopt, at.state[i],
               e.state_size());
    b.set_range(parts);
    at.direction = d;
    at.w = direction_piece(b, rnn_w, d);
    at.r = direction_piece(b, rnn_r, d);
    at.bias = b.has(rnn_bias) ? std::optional(direction_piece(b, rnn_bias, d)) : std::nullopt;
    at.x = along(x, x_bytes);
    at.y = y ? std::optional(along(y->shifted(d * state_bytes), y_bytes)) : std::nullopt;
    add_step(at);
    b.set_range({parts.end - 1, parts.end});
    for (std::size_t i = 0; i < e.states; ++i)
      if (last[i])
        add_copy(b, at.state[i], last[i]->shifted(d * state_bytes), e.state_size());
  }
}

} // namespace baton::gpu::cuda
