#include <algorithm>

#include <omp.h>

#include "gpu/cpu/lstm_cell.hpp"
#include "gpu/cpu/panel_product.hpp"
#include "gpu/cpu/recurrent_cpu.hpp"
#include "gpu/defaults.hpp"

namespace baton::gpu::cpu {
namespace {

static_assert(panel_columns == 4 * lstm_units);

std::size_t size(std::int64_t i) {
  return static_cast<std::size_t>(i);
}

float* floats(const run_context& context, const place& p) {
  return reinterpret_cast<float*>(context.values.at(p));
}

/// Calls `f(first, end)` on each thread of the device with its piece of the panels, always the same one: then its
/// core's cache keeps the weights. `work`: multiplications.
template <class F>
void by_threads(std::size_t panels, std::size_t work, F f) {
  if (omp_get_max_threads() == 1 || work < defaults::lstm_shared_work)
    return f(0, panels);
    // Those without a panel take part too: a smaller team would be another one.
#pragma omp parallel
  {
    const auto thread = static_cast<std::size_t>(omp_get_thread_num());
    const auto threads = static_cast<std::size_t>(omp_get_num_threads());
    f(panels * thread / threads, panels * (thread + 1) / threads);
  }
}

/// The product less what comes ahead of panel `first`, up to `end`.
panel_product piece_of(panel_product whole, std::size_t first, std::size_t end) {
  whole.initial += first * panel_columns;
  whole.sums += first * panel_columns;
  whole.weights += first * panel_columns * whole.depth;
  whole.panels = end - first;
  return whole;
}

/// The sums' share of the input, for all steps of the group that are in the submission.
class input_step final : public step {
public:
  place x;    ///< of the part
  place sums; ///< of the part
  place weights;
  place bias;
  part_range parts;
  bool backwards = false;
  std::size_t batch = 0;
  std::size_t depth = 0;
  std::size_t panels = 0;

  void run(const run_context& context) const override {
    const auto part = context.values.part;
    const auto ahead = (part - parts.first) % parts.group;
    const auto steps = std::min({parts.group - ahead, parts.end - part, context.stop - part});
    const auto wide = panels * panel_columns;
    // Rows lie in the order of time: backwards, the first step's come last.
    const auto earlier = backwards ? (steps - 1) * batch : 0;
    const panel_product whole{.factors = floats(context, x) - earlier * depth,
                              .factors_step = depth,
                              .initial = floats(context, bias),
                              .initial_step = 0,
                              .sums = floats(context, sums) - earlier * wide,
                              .sums_step = wide,
                              .weights = floats(context, weights),
                              .rows = steps * batch,
                              .depth = depth,
                              .panels = panels};
    by_threads(panels, whole.rows * depth * wide,
               [&](std::size_t first, std::size_t end) { cpu::run(piece_of(whole, first, end)); });
  }
};

/// The rest of a step: the state's share, and the cell.
class recurrent_step final : public step {
public:
  place sums;
  place weights;
  place state_before;
  place cell_before;
  place state;
  place cell;
  place result;
  std::size_t batch = 0;
  std::size_t hidden = 0;
  std::size_t panels = 0;

  void run(const run_context& context) const override {
    const auto wide = panels * panel_columns;
    auto* const all = floats(context, sums);
    const panel_product whole{.factors = floats(context, state_before),
                              .factors_step = hidden,
                              .initial = all,
                              .initial_step = wide,
                              .sums = all,
                              .sums_step = wide,
                              .weights = floats(context, weights),
                              .rows = batch,
                              .depth = hidden,
                              .panels = panels,
                              .backwards = context.values.part % 2 == 1};
    lstm_cell units{.gates = all,
                    .gates_step = wide,
                    .before = floats(context, cell_before),
                    .after = floats(context, cell),
                    .state = floats(context, state),
                    .result = floats(context, result),
                    .rows = batch,
                    .hidden = hidden,
                    .first_panel = 0,
                    .end_panel = panels};
    by_threads(panels, batch * hidden * wide, [&](std::size_t first, std::size_t end) {
      cpu::run(piece_of(whole, first, end));
      auto mine = units;
      mine.first_panel = first;
      mine.end_panel = end;
      cpu::run(mine);
    });
  }
};

void build_direction(layer_builder& b, const recurrent_extents& e, const recurrent_places& at) {
  const auto panels = lstm_panels(e.hidden);
  constexpr auto columns = std::int64_t{panel_columns};
  const auto group = std::clamp<std::int64_t>(defaults::lstm_rows_at_once / e.batch, 1, e.steps);
  const auto row = size(e.batch * panels * columns) * sizeof(float);
  const auto all = b.scratch(row * size(group));
  const auto parts = static_cast<std::uint32_t>(group);
  const auto last = at.backwards ? all.shifted(row * (size(group) - 1)) : all;
  const auto step_bytes = static_cast<std::ptrdiff_t>(row);
  const auto sums = last.advancing(at.backwards ? -step_bytes : step_bytes, at.parts.first).in_groups(parts, true);
  const auto weights = [&](weight_role as, std::size_t role, std::int64_t depth) {
    const auto lie = plain_layout({panels, depth, columns});
    return recurrent_weights(b, at, as, role, lie, lie, fill_lstm_panels(depth, e.hidden, false)).at;
  };

  part_range range = at.parts;
  range.group = parts;
  b.set_range(range);
  auto input = std::make_unique<input_step>();
  input->x = at.x;
  input->sums = sums;
  input->weights = weights(weight_role::matrix, rnn_w, e.input);
  const auto lie = plain_layout({panels, columns});
  input->bias = recurrent_weights(b, at, weight_role::bias, rnn_bias, lie, lie, fill_lstm_panel_biases(e.hidden)).at;
  input->parts = range;
  input->backwards = at.backwards;
  input->batch = size(e.batch);
  input->depth = size(e.input);
  input->panels = size(panels);
  b.add(std::move(input));

  b.set_range(at.parts);
  auto rest = std::make_unique<recurrent_step>();
  rest->sums = sums;
  rest->weights = weights(weight_role::recurrent, rnn_r, e.hidden);
  rest->state_before = at.before[0];
  rest->cell_before = at.before[1];
  rest->state = at.after[0];
  rest->cell = at.after[1];
  rest->result = at.y;
  rest->batch = size(e.batch);
  rest->hidden = size(e.hidden);
  rest->panels = size(panels);
  b.add(std::move(rest));
}

} // namespace

void build_lstm_of_panels(layer_builder& b, const recurrent_extents& e) {
  build_directions(b, e, [&](const recurrent_places& at) { build_direction(b, e, at); });
}

} // namespace baton::gpu::cpu
