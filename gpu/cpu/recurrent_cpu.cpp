#include "gpu/cpu/recurrent_cpu.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "gpu/cpu/lstm_cell.hpp"

namespace baton::gpu::cpu {
namespace {

std::size_t size(std::int64_t i) {
  return static_cast<std::size_t>(i);
}

/// ONNX has an LSTM's gates in the order i, o, f, c; `lstm_cell` in i, f, o, c.
constexpr std::array<std::size_t, 4> lstm_gates{0, 2, 1, 3};

/// Calls `f(panel, column, row of w or r)` for each column that has one.
template <class F>
void for_lstm_columns(std::size_t hidden, F f) {
  for (std::size_t g = 0; g < lstm_gates.size(); ++g)
    for (std::size_t unit = 0; unit < hidden; ++unit)
      f(unit / lstm_units, g * lstm_units + unit % lstm_units, lstm_gates[g] * hidden + unit);
}

/// Brings a carried state to where the step reads it: the step may not read what it is writing.
class begin_step final : public step {
public:
  place state;
  std::optional<place> initial;
  place current;
  std::uint32_t first = 0; ///< the direction's first part
  std::size_t bytes = 0;

  void run(const run_context& context) const override {
    const auto& values = context.values;
    if (values.part > first)
      std::memcpy(values.at(current), values.at(state), bytes);
    else if (initial)
      std::memcpy(values.at(current), values.at(*initial), bytes);
    else
      std::memset(values.at(current), 0, bytes);
  }
};

/// Lays out weights that are given anew with each request.
class fill_step final : public step {
public:
  fill_step(place from, place to, std::size_t count, gate_filler fill)
      : from_(from), to_(to), count_(count), fill_(std::move(fill)) {}

  void run(const run_context& context) const override {
    fill_(reinterpret_cast<const float*>(context.values.at(from_)),
          {reinterpret_cast<float*>(context.values.at(to_)), count_});
  }

private:
  place from_;
  place to_;
  std::size_t count_;
  gate_filler fill_;
};

} // namespace

void build_directions(layer_builder& b, const recurrent_extents& e,
                      const std::function<void(const recurrent_places&)>& add_step) {
  const auto state_bytes = size(e.batch * e.hidden) * sizeof(float);
  const auto x_bytes = static_cast<std::ptrdiff_t>(size(e.batch * e.input) * sizeof(float));
  const auto y_bytes = static_cast<std::ptrdiff_t>(state_bytes * e.directions);
  const auto steps = static_cast<std::uint32_t>(e.steps);
  b.set_parts(steps * static_cast<std::uint32_t>(e.directions), e.states * state_bytes);

  const auto x = b.plain_place(rnn_x);
  const bool keeps_y = b.has_output(0);
  const auto y = keeps_y ? b.plain_output(0).at : b.scratch(state_bytes);
  std::vector<std::optional<place>> last(e.states);
  std::vector<std::optional<place>> initial(e.states);
  recurrent_places at;
  for (std::size_t i = 0; i < e.states; ++i) {
    if (b.has(rnn_h0 + i))
      initial[i] = b.plain_place(rnn_h0 + i);
    if (b.has_output(1 + i))
      last[i] = b.plain_output(1 + i).at;
    at.before.push_back(b.scratch(state_bytes));
    at.after.push_back({.in = place::space::state, .offset = i * state_bytes});
  }

  for (std::uint32_t d = 0; d < e.directions; ++d) {
    const part_range parts{d * steps, (d + 1) * steps};
    const auto backwards = e.backwards || d == 1;
    const auto along = [&](const place& first, std::ptrdiff_t bytes) {
      return backwards ? first.shifted(size(e.steps - 1) * size(bytes)).advancing(-bytes, parts.first)
                       : first.advancing(bytes, parts.first);
    };
    b.set_range(parts);
    for (std::size_t i = 0; i < e.states; ++i) {
      auto begin = std::make_unique<begin_step>();
      begin->state = at.after[i];
      begin->current = at.before[i];
      begin->first = parts.first;
      begin->bytes = state_bytes;
      if (initial[i])
        begin->initial = initial[i]->shifted(d * state_bytes);
      b.add(std::move(begin));
    }
    at.direction = d;
    at.backwards = backwards;
    at.parts = parts;
    at.all_x = x;
    at.x = along(x, x_bytes);
    at.y = keeps_y ? along(y.shifted(d * state_bytes), y_bytes) : y;
    add_step(at);
    b.set_range({parts.end - 1, parts.end});
    for (std::size_t i = 0; i < e.states; ++i)
      if (last[i])
        b.add(std::make_unique<copy_step>(at.after[i], last[i]->shifted(d * state_bytes), state_bytes));
  }
}

operand recurrent_weights(layer_builder& b, const recurrent_places& at, weight_role as, std::size_t role,
                          const layout& wanted, const layout& given, const gate_filler& fill) {
  const auto offset = b.has(role) ? size(elements_of(b.input_shape(role)) / b.input_shape(role)[0]) * at.direction : 0;
  if (!b.has(role) || b.is_weight(b.input_value(role))) {
    const auto prepare = [&](std::span<float> to) {
      if (!b.has(role))
        return fill(nullptr, to);
      const auto tensor = b.read_weight(role);
      fill(tensor.as<float>().data() + offset, to);
    };
    return b.prepared(as, wanted, given, prepare, at.direction);
  }
  const operand laid_out{given, b.scratch(given.get_size())};
  b.add(std::make_unique<fill_step>(b.plain_place(role).shifted(offset * sizeof(float)), laid_out.at,
                                    given.get_size() / sizeof(float), fill));
  return b.in_layout(laid_out, wanted);
}

gate_filler fill_gates(std::vector<std::size_t> order, std::int64_t depth, std::int64_t hidden) {
  return [order = std::move(order), k_end = size(depth), h = size(hidden)](const float* from, std::span<float> to) {
    const auto gates = order.size();
    for (std::size_t k = 0; k < k_end; ++k)
      for (std::size_t g = 0; g < gates; ++g)
        for (std::size_t o = 0; o < h; ++o)
          to[(k * gates + g) * h + o] = from[(order[g] * h + o) * k_end + k];
  };
}

gate_filler fill_biases(std::vector<std::size_t> order, std::int64_t hidden, bool last_apart) {
  return [order = std::move(order), h = size(hidden), last_apart](const float* from, std::span<float> to) {
    std::fill(to.begin(), to.end(), 0.0F);
    if (from == nullptr)
      return;
    const auto gates = order.size();
    const auto* recurrent = from + gates * h;
    for (std::size_t g = 0; g < gates; ++g)
      for (std::size_t o = 0; o < h; ++o) {
        const auto i = order[g] * h + o;
        const auto apart = last_apart && g + 1 == gates;
        to[g * h + o] = from[i] + (apart ? 0.0F : recurrent[i]);
        if (apart)
          to[gates * h + o] = recurrent[i];
      }
  };
}

std::int64_t lstm_panels(std::int64_t hidden) {
  constexpr auto units = static_cast<std::int64_t>(lstm_units);
  return (hidden + units - 1) / units;
}

gate_filler fill_lstm_panels(std::int64_t depth, std::int64_t hidden, bool side_by_side) {
  constexpr auto columns = 4 * lstm_units;
  const auto panels = size(lstm_panels(hidden));
  return [=, k_end = size(depth), h = size(hidden)](const float* from, std::span<float> to) {
    std::fill(to.begin(), to.end(), 0.0F);
    for_lstm_columns(h, [&](std::size_t panel, std::size_t column, std::size_t row) {
      for (std::size_t k = 0; k < k_end; ++k)
        to[(side_by_side ? k * panels + panel : panel * k_end + k) * columns + column] = from[row * k_end + k];
    });
  };
}

gate_filler fill_lstm_panel_biases(std::int64_t hidden) {
  return [h = size(hidden)](const float* from, std::span<float> to) {
    std::fill(to.begin(), to.end(), 0.0F);
    if (from != nullptr)
      for_lstm_columns(h, [&](std::size_t panel, std::size_t column, std::size_t row) {
        to[panel * 4 * lstm_units + column] = from[row] + from[4 * h + row];
      });
  };
}

bool has_fixed_weights(const layer_builder& b) {
  return b.is_weight(b.input_value(rnn_w)) && b.is_weight(b.input_value(rnn_r));
}

} // namespace baton::gpu::cpu
