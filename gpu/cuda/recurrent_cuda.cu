#include "gpu/cuda/recurrent_cuda.hpp"

#include <algorithm>
#include <array>

#include "gpu/cuda/launch.hpp"
#include "gpu/cuda/product.hpp"

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

std::ptrdiff_t bytes_of(std::int64_t floats) {
  return static_cast<std::ptrdiff_t>(floats) * std::ptrdiff_t{sizeof(float)};
}

/// Steps [begin, end) of a direction's order, `group` at once.
struct grouped_steps {
  std::uint32_t direction = 0;
  bool backwards = false;
  std::int64_t columns = 0;
  std::int64_t begin = 0, end = 0, group = 1;
};

/// Adds their products of x and w, written to `into`; where a step finds its own. What is added then is for these
/// steps.
place add_input_product(layer_builder& b, const recurrent_extents& e, const grouped_steps& g, const place& into) {
  const auto first = static_cast<std::uint32_t>(g.direction * e.steps + g.begin);
  const auto end = static_cast<std::uint32_t>(g.direction * e.steps + g.end);
  const auto parts = static_cast<std::uint32_t>(g.group);
  // Rows lie in the order of time in either direction.
  const auto along = [&](const place& from, std::ptrdiff_t row, bool within) {
    return from.advancing(g.backwards ? -row : row, first).in_groups(parts, within);
  };
  const auto x_row = bytes_of(e.batch * e.input);
  const auto earliest = g.backwards ? e.steps - g.begin - g.group : g.begin;
  const auto x = along(b.input(rnn_x).shifted(static_cast<std::size_t>(earliest * x_row)), x_row, false);
  b.set_range({first, end, parts});
  add_product(b, {.rows = g.group * e.batch, .depth = e.input, .columns = g.columns, .transposed_w = true}, x,
              direction_piece(b, rnn_w, g.direction), into);
  b.set_range({first, end});
  const auto row = bytes_of(e.batch * g.columns);
  return along(g.backwards ? into.shifted(static_cast<std::size_t>((g.group - 1) * row)) : into, row, true);
}

} // namespace

place direction_piece(layer_builder& b, std::size_t role, std::uint32_t d) {
  const auto shape = b.input_shape(role);
  b.require_float(b.input_value(role));
  return b.input(role).shifted(static_cast<std::size_t>(elements_of(shape) / shape[0]) * d * sizeof(float));
}

void build_directions(layer_builder& b, const recurrent_extents& e, std::int64_t gates,
                      const std::function<void(const recurrent_places&)>& add_step) {
  const auto state_bytes = e.state_size() * sizeof(float);
  const auto y_bytes = static_cast<std::ptrdiff_t>(state_bytes * e.directions);
  const auto steps = static_cast<std::uint32_t>(e.steps);
  b.set_parts(steps * static_cast<std::uint32_t>(e.directions), e.states * state_bytes);

  const auto at_once = std::clamp<std::int64_t>(defaults::recurrent_rows_at_once / e.batch, 1,
                                                std::min(e.steps, defaults::recurrent_steps_at_once));
  const auto inputs = b.scratch(static_cast<std::size_t>(at_once * e.batch * gates * e.hidden) * sizeof(float));
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
    at.direction = d;
    at.r = direction_piece(b, rnn_r, d);
    at.bias = b.has(rnn_bias) ? std::optional(direction_piece(b, rnn_bias, d)) : std::nullopt;
    at.y = y ? std::optional(along(y->shifted(d * state_bytes), y_bytes)) : std::nullopt;
    // The steps in groups, then those that are left over as one.
    const auto whole = e.steps / at_once * at_once;
    for (const auto& [begin, end, group] :
         {std::array{std::int64_t{0}, whole, at_once}, std::array{whole, e.steps, e.steps - whole}})
      if (begin < end) {
        at.input = add_input_product(b, e,
                                     {.direction = d,
                                      .backwards = backwards,
                                      .columns = gates * e.hidden,
                                      .begin = begin,
                                      .end = end,
                                      .group = group},
                                     inputs);
        add_step(at);
      }
    b.set_range({parts.end - 1, parts.end});
    for (std::size_t i = 0; i < e.states; ++i)
      if (last[i])
        add_copy(b, at.state[i], last[i]->shifted(d * state_bytes), e.state_size());
  }
}

} // namespace baton::gpu::cuda
