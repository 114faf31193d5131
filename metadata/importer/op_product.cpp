#include "metadata/importer/operators.hpp"

/// Gemm and MatMul: a linear layer where the right operand is a constant matrix.
namespace baton::metadata::importer {

namespace {

bool is_constant_matrix(const value& v) {
  return v.origin == value_origin::weight && v.shape.size() == 2;
}

/// If `v` is a constant matrix transposed by a node of its own (as exporters write x * w^T), that constant.
std::optional<value_index> transposed_constant(graph& g, value_index v) {
  const auto* l = g.writer(v);
  const auto* a = l == nullptr ? nullptr : std::get_if<transpose_layer>(&l->attributes);
  const auto swaps = a != nullptr && a->permutation == std::vector<std::uint32_t>{1, 0};
  return swaps && is_constant_matrix(g.at(l->inputs[0])) ? std::optional(l->inputs[0]) : std::nullopt;
}

} // namespace

void import_mat_mul(node& n) {
  n.demand_operands(2, 2);
  const auto a = n.operand(0);
  const auto b = n.operand(1);
  auto& g = n.in();
  demand(n.shape(0).size() >= 2 && n.shape(1).size() >= 2, "operands with less than 2 extents are not supported");
  if (is_constant_matrix(g.at(b)))
    return n.emit(linear_layer{}, {a, b, none});
  if (const auto w = transposed_constant(g, b)) {
    linear_layer l;
    l.transposed_weight = true;
    return n.emit(l, {a, *w, none});
  }
  n.emit(matmul_layer{}, {a, b});
}

void import_gemm(node& n) {
  n.demand_operands(2, 3);
  auto& g = n.in();
  demand(n.shape(0).size() == 2 && n.shape(1).size() == 2, "its a and b must have 2 extents");
  const auto alpha = n.attrs().real("alpha", 1.0F);
  const auto beta = n.attrs().real("beta", 1.0F);
  const auto transpose_a = n.attrs().flag("transA", false);
  const auto transpose_b = n.attrs().flag("transB", false);
  const auto bias = beta == 0.0F ? none : n.optional_operand(2);
  auto a = n.operand(0);
  const auto constant_bias = bias == none || g.at(bias).origin == value_origin::weight;
  if (is_constant_matrix(g.at(n.operand(1))) && constant_bias) {
    if (transpose_a)
      a = n.emit_step("transpose", transpose_layer{{1, 0}}, {a});
    linear_layer l;
    l.alpha = alpha;
    l.beta = beta;
    l.transposed_weight = transpose_b;
    return n.emit(l, {a, n.operand(1), bias});
  }
  demand(bias == none || beta == 1.0F, "beta other than 0 and 1 needs constant b and c");
  const matmul_layer m{transpose_a, transpose_b, alpha};
  if (bias == none)
    return n.emit(m, {a, n.operand(1)});
  const auto product = n.emit_step("product", m, {a, n.operand(1)});
  const auto shape = broadcast(g.at(product).shape, g.at(bias).shape);
  demand(shape && *shape == g.at(product).shape,
         "c " + g.text(g.at(bias).shape) + " does not broadcast to " + g.text(g.at(product).shape));
  n.emit(binary_layer{}, {product, bias});
}

} // namespace baton::metadata::importer
