#include <algorithm>

#include "metadata/importer/operators.hpp"

/// Add, Sub, Mul, Div, Pow and Sum. Of small integers that follow from the symbols the importer computes the result.
namespace baton::metadata::importer {

namespace {

using kind = binary_layer::kind;

/// Rounded towards zero, if that can be said for all symbol values.
std::optional<dim> quotient(const dim& a, const dim& b) {
  const auto divisor = b.constant();
  const auto dividend = a.constant();
  if (divisor && dividend) {
    if (*divisor == 0 || (*divisor == -1 && *dividend == INT64_MIN))
      return std::nullopt;
    return dim(*dividend / *divisor);
  }
  if (auto exact = exact_div(a, b))
    return exact;
  if (divisor && *divisor > 0 && a.never_negative())
    return floor_div(a, *divisor);
  return std::nullopt;
}

std::optional<dim> compute(kind op, const dim& a, const dim& b) {
  switch (op) {
  case kind::add: return a + b;
  case kind::subtract: return a - b;
  case kind::multiply: return a * b;
  case kind::divide: return quotient(a, b);
  case kind::power: break;
  }
  return std::nullopt;
}

/// The result where both operands are known and one is a single number or both have one shape.
std::optional<dims> fold(node& n, kind op, std::size_t results) {
  const auto a = n.known(0);
  const auto b = a ? n.known(1) : std::nullopt;
  const auto alike = a && b && (a->size() == 1 || b->size() == 1 || n.shape(0) == n.shape(1));
  if (!alike || std::max(a->size(), b->size()) != results || !n.in().may_fold(results))
    return std::nullopt;
  const auto narrow = n.in().at(n.operand(0)).type == element_type::int32;
  dims elements;
  for (std::size_t i = 0; i < results; ++i) {
    auto e = compute(op, (*a)[a->size() == 1 ? 0 : i], (*b)[b->size() == 1 ? 0 : i]);
    const auto constant = e ? e->constant() : std::nullopt;
    if (!e || e->too_large() || (constant && narrow && *constant != static_cast<std::int32_t>(*constant)))
      return std::nullopt;
    elements.push_back(std::move(*e));
  }
  return elements;
}

void import_binary(node& n, kind op) {
  n.demand_operands(2, 2);
  const auto a = n.operand(0);
  const auto b = n.operand(1);
  const auto& g = n.in();
  if (g.at(a).type == g.at(b).type) {
    if (const auto shape = broadcast(n.shape(0), n.shape(1))) {
      const auto count = elements_of(*shape).constant();
      if (auto known = fold(n, op, static_cast<std::size_t>(count.value_or(0)))) {
        std::vector<std::int64_t> extents;
        for (const auto& extent : *shape)
          extents.push_back(extent.constant().value_or(0));
        return n.emit_known(g.at(a).type, extents, std::move(*known));
      }
    }
  }
  n.emit(binary_layer{op}, {a, b});
}

} // namespace

void import_add(node& n) {
  import_binary(n, kind::add);
}

void import_sub(node& n) {
  import_binary(n, kind::subtract);
}

void import_mul(node& n) {
  import_binary(n, kind::multiply);
}

void import_div(node& n) {
  import_binary(n, kind::divide);
}

void import_pow(node& n) {
  n.demand_operands(2, 2);
  auto exponent = n.operand(1);
  const auto& g = n.in();
  const auto one = elements_of(n.shape(1)) == dim(1) && n.shape(1).size() <= n.shape(0).size();
  if (one && g.at(exponent).origin == value_origin::weight)
    return n.emit(unary_layer{{function::power, 0.0, g.number(exponent)}}, {n.operand(0)});
  const auto type = g.at(n.operand(0)).type;
  if (g.at(exponent).type != type && type == element_type::float32)
    exponent = n.emit_step("exponent", cast_layer{type}, {exponent});
  n.emit(binary_layer{kind::power}, {n.operand(0), exponent});
}

void import_sum(node& n) {
  n.demand_operands(1, n.inputs());
  if (n.inputs() == 1)
    return n.emit_view(n.operand(0), n.shape(0));
  auto sum = n.operand(0);
  for (std::size_t i = 1; i + 1 < n.inputs(); ++i)
    sum = n.emit_step("sum" + std::to_string(i), binary_layer{}, {sum, n.operand(i)});
  n.emit(binary_layer{}, {sum, n.operand(n.inputs() - 1)});
}

} // namespace baton::metadata::importer
