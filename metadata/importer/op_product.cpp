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

/// The kind of layer that computes a * b, and its operands.
std::pair<layer_attributes, std::vector<value_index>> product_of(graph& g, value_index a, value_index b) {
  if (is_constant_matrix(g.at(b)))
    return {linear_layer{}, {a, b, none}};
  if (const auto w = transposed_constant(g, b)) {
    linear_layer l;
    l.transposed_weight = true;
    return {l, {a, *w, none}};
  }
  return {matmul_layer{}, {a, b}};
}

/// factor * v
value_index scaled(node& n, value_index v, float factor) {
  const auto by = n.in().add_floats(n.layer_name() + "/beta", {}, {factor});
  return n.emit_step("beta_c", binary_layer{binary_layer::kind::multiply}, {v, by});
}

} // namespace

void import_mat_mul(node& n) {
  n.demand_operands(2, 2);
  auto& g = n.in();
  const auto left = n.shape(0); // copies: views below move the values
  const auto right = n.shape(1);
  demand(!left.empty() && !right.empty(), "a scalar cannot be multiplied as a matrix");
  // A vector is a row on the left and a column on the right; its axis is not in the result.
  auto a = n.operand(0);
  auto b = n.operand(1);
  if (left.size() == 1)
    a = g.view(a, {1, left[0]}, n.layer_name() + "/a");
  if (right.size() == 1)
    b = g.view(b, {right[0], 1}, n.layer_name() + "/b");
  auto [product, operands] = product_of(g, a, b);
  if (left.size() > 1 && right.size() > 1)
    return n.emit(product, std::move(operands));
  const auto y = n.emit_step("product", product, std::move(operands));
  auto shape = g.at(y).shape;
  if (right.size() == 1)
    shape.pop_back();
  if (left.size() == 1)
    shape.erase(shape.end() - (right.size() == 1 ? 1 : 2));
  n.emit_view(y, std::move(shape));
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
  const matmul_layer m{transpose_a, transpose_b, alpha};
  if (bias == none)
    return n.emit(m, {a, n.operand(1)});
  const auto product = n.emit_step("product", m, {a, n.operand(1)});
  const auto shape = broadcast(g.at(product).shape, g.at(bias).shape);
  demand(shape && *shape == g.at(product).shape,
         "c " + g.text(g.at(bias).shape) + " does not broadcast to " + g.text(g.at(product).shape));
  n.emit(binary_layer{}, {product, beta == 1.0F ? bias : scaled(n, bias, beta)});
}

} // namespace baton::metadata::importer
