#include "metadata/defaults.hpp"
#include "metadata/shape_rules_detail.hpp"

/// Matrix products and what is built of them.
namespace baton::metadata::rules {

layer_shape infer(const linear_layer& a, const operands& in) {
  const auto& x = in.floats_from(0, 2);
  const auto& w = in.floats(1, 2);
  const auto& depth = w.shape[a.transposed_weight ? 1 : 0];
  demand(x.shape.back() == depth, "x " + in.text(x.shape) + " and w " + in.text(w.shape)
                                      + (a.transposed_weight ? " (transposed)" : "")
                                      + " do not agree on the inner extent");
  auto y = x;
  y.shape.back() = w.shape[a.transposed_weight ? 0 : 1];
  if (x.batch_axis == x.shape.size() - 1)
    y.batch_axis.reset();
  if (in.has(2)) {
    const auto& b = in.floats_from(2, 0);
    const auto sum = broadcast(y.shape, b.shape, in.names());
    demand(sum && *sum == y.shape, "b " + in.text(b.shape) + " does not broadcast to " + in.text(y.shape));
  }
  return {{std::move(y)}};
}

layer_shape infer(const matmul_layer& m, const operands& in) {
  const auto& a = in.floats_from(0, 2);
  const auto& b = in.floats_from(1, 2);
  const auto ra = a.shape.size();
  const auto rb = b.shape.size();
  const auto row_axis = ra - (m.transpose_a ? 1 : 2);
  const auto column_axis = rb - (m.transpose_b ? 2 : 1);
  const auto& inner_a = a.shape[ra - (m.transpose_a ? 2 : 1)];
  const auto& inner_b = b.shape[rb - (m.transpose_b ? 1 : 2)];
  demand(inner_a == inner_b,
         "a " + in.text(a.shape) + " and b " + in.text(b.shape) + " do not agree on the inner extent");
  auto y = broadcast(dims(a.shape.begin(), a.shape.end() - 2), dims(b.shape.begin(), b.shape.end() - 2), in.names());
  demand(y.has_value(), y ? "" : "its leading " + y.error());
  y->push_back(a.shape[row_axis]);
  y->push_back(b.shape[column_axis]);
  const auto rank = y->size();
  // Where each operand's batch axis ends up; one that is summed over ends up nowhere.
  const auto own = !a.batch_axis              ? std::nullopt
                   : *a.batch_axis < ra - 2   ? lined_up(a.batch_axis, ra, rank)
                   : a.batch_axis == row_axis ? std::optional(static_cast<std::uint32_t>(rank - 2))
                                              : std::nullopt;
  const auto others = !b.batch_axis                 ? std::nullopt
                      : *b.batch_axis < rb - 2      ? lined_up(b.batch_axis, rb, rank)
                      : b.batch_axis == column_axis ? std::optional(static_cast<std::uint32_t>(rank - 1))
                                                    : std::nullopt;
  const auto lost = (a.batch_axis && !own) || (b.batch_axis && !others) || (own && others && own != others);
  const auto batch = lost ? std::nullopt : own ? own : others;
  return {{{element_type::float32, std::move(*y), batch}}};
}

} // namespace baton::metadata::rules
