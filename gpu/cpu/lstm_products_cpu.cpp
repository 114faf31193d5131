#include <algorithm>

#include "gpu/cpu/lstm_cell.hpp"
#include "gpu/cpu/recurrent_cpu.hpp"
#include "gpu/cpu/weights_of_one.hpp"
#include "gpu/defaults.hpp"

namespace baton::gpu::cpu {
namespace {

using dnnl::matmul;

std::size_t size(std::int64_t i) {
  return static_cast<std::size_t>(i);
}

/// target = source * weights + bias, or target += source * weights
struct product {
  std::int64_t depth;
  std::int64_t columns;
  bool adds;
  number factors;

  layout source(std::int64_t rows) const { return plain_layout({rows, depth}, factors); }
  layout target(std::int64_t rows) const { return plain_layout({rows, columns}); }
  layout bias() const { return plain_layout({1, columns}); }

  matmul::primitive_desc describe(std::int64_t rows, const layout& weights) const {
    auto attributes = user_scratchpad();
    dnnl::post_ops ops;
    if (adds)
      ops.append_sum(1.0F);
    attributes.set_post_ops(ops);
    const auto d = adds ? matmul::desc(source(rows), weights, target(rows))
                        : matmul::desc(source(rows), weights, bias(), target(rows));
    return {d, attributes, cpu_engine()};
  }

  matmul::primitive_desc choose(std::int64_t rows, std::int64_t batch) const {
    return with_weights_of_one(batch == 1, any_layout({depth, columns}, factors), [&](bool one, const layout& weights) {
      return describe(one ? rows / batch : rows, weights);
    });
  }
};

class cell_step final : public step {
public:
  place gates;
  place before;
  place after;
  place state;
  place result;
  std::size_t batch = 0;
  std::size_t hidden = 0;
  std::size_t panels = 0;

  void run(const run_context& context) const override {
    const auto at = [&](const place& p) { return reinterpret_cast<float*>(context.values.at(p)); };
    cpu::run(
        {at(gates), panels * 4 * lstm_units, at(before), at(after), at(state), at(result), batch, hidden, 0, panels});
  }
};

/// The parts of one direction.
class direction {
public:
  direction(layer_builder& b, const recurrent_extents& e, const recurrent_places& at)
      : b_(b), e_(e), at_(at), panels_(lstm_panels(e.hidden)) {
    z_ = b.scratch(size(std::min(at_once_, e.steps) * e.batch * wide_) * sizeof(float));
  }

  void build() {
    const auto whole = e_.steps / at_once_ * at_once_;
    if (whole > 0)
      build(0, whole, at_once_);
    if (whole < e_.steps)
      build(whole, e_.steps, e_.steps - whole);
    b_.set_range(at_.parts);
  }

private:
  /// Steps [begin, end) of the direction's order, `group` at once.
  void build(std::int64_t begin, std::int64_t end, std::int64_t group) {
    const auto first = at_.parts.first + static_cast<std::uint32_t>(begin);
    const auto last = at_.parts.first + static_cast<std::uint32_t>(end);
    const auto parts = static_cast<std::uint32_t>(group);
    const auto x_row = static_cast<std::ptrdiff_t>(size(e_.batch * e_.input) * sizeof(float));
    const auto z_row = static_cast<std::ptrdiff_t>(size(e_.batch * wide_) * sizeof(float));
    // Rows lie in the order of time in either direction.
    const auto earliest = at_.backwards ? e_.steps - begin - group : begin;
    const auto along = [&](const place& from, std::ptrdiff_t row, bool within) {
      return from.advancing(at_.backwards ? -row : row, first).in_groups(parts, within);
    };
    const auto x = along(at_.all_x.shifted(size(earliest) * size(x_row)), x_row, false);
    const auto z = along(at_.backwards ? z_.shifted(size(group - 1) * size(z_row)) : z_, z_row, true);

    b_.set_range({first, last, parts});
    const auto rows = group * e_.batch;
    const auto d = input_.choose(rows, e_.batch);
    b_.add(matmul(d), d.scratchpad_desc(),
           {{DNNL_ARG_SRC, source(input_, rows, x)},
            {DNNL_ARG_WEIGHTS, weights(weight_role::matrix, rnn_w, input_, d)},
            {DNNL_ARG_BIAS, recurrent_weights(b_, at_, weight_role::bias, rnn_bias, d.bias_desc(), input_.bias(),
                                              fill_lstm_panel_biases(e_.hidden))},
            {DNNL_ARG_DST, {input_.target(rows), z_}}});
    b_.set_range({first, last});
    const auto r = recurrent_.choose(e_.batch, e_.batch);
    b_.add(matmul(r), r.scratchpad_desc(),
           {{DNNL_ARG_SRC, source(recurrent_, e_.batch, at_.before[0])},
            {DNNL_ARG_WEIGHTS, weights(weight_role::recurrent, rnn_r, recurrent_, r)},
            {DNNL_ARG_DST, {recurrent_.target(e_.batch), z}}});
    auto cell = std::make_unique<cell_step>();
    cell->gates = z;
    cell->before = at_.before[1];
    cell->after = at_.after[1];
    cell->state = at_.after[0];
    cell->result = at_.y;
    cell->batch = size(e_.batch);
    cell->hidden = size(e_.hidden);
    cell->panels = size(panels_);
    b_.add(std::move(cell));
  }

  /// The float32 rows at `from`, as the product wants them.
  operand source(const product& p, std::int64_t rows, const place& from) {
    return b_.in_layout({plain_layout({rows, p.depth}), from}, p.source(rows));
  }

  operand weights(weight_role as, std::size_t role, const product& p, const matmul::primitive_desc& d) {
    return recurrent_weights(b_, at_, as, role, d.weights_desc(), plain_layout({p.depth, p.columns}),
                             fill_lstm_panels(p.depth, e_.hidden, true));
  }

  layer_builder& b_;
  const recurrent_extents& e_;
  const recurrent_places& at_;
  const std::int64_t panels_;
  const std::int64_t wide_ = panels_ * 4 * std::int64_t{lstm_units}; ///< all gates of a row
  const std::int64_t at_once_ = std::max<std::int64_t>(1, defaults::lstm_product_rows / e_.batch); ///< steps
  product input_{e_.input, wide_, false, b_.numbers().factors};
  product recurrent_{e_.hidden, wide_, true, b_.numbers().factors};
  place z_; ///< of a group: all gates of its steps
};

} // namespace

void build_lstm_of_products(layer_builder& b, const recurrent_extents& e) {
  build_directions(b, e, [&](const recurrent_places& at) { direction(b, e, at).build(); });
}

} // namespace baton::gpu::cpu
