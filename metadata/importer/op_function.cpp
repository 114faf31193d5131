#include <limits>
#include <numeric>

#include "metadata/importer/operators.hpp"

/// Functions of one element, and the mean.
namespace baton::metadata::importer {

namespace {

void import_function(node& n, const activation& f) {
  n.demand_operands(1, 1);
  n.emit(unary_layer{f}, {n.operand(0)});
}

} // namespace

void import_abs(node& n) {
  import_function(n, {function::absolute});
}

void import_clip(node& n) {
  constexpr double open = std::numeric_limits<double>::infinity();
  activation f{function::clip, -open, open};
  if (n.in().opset() < 11) {
    n.demand_operands(1, 1);
    f.alpha = n.attrs().real("min", std::numeric_limits<float>::lowest());
    f.beta = n.attrs().real("max", std::numeric_limits<float>::max());
  } else {
    n.demand_operands(1, 3);
    for (const auto i : {1U, 2U})
      if (n.has(i)) {
        const auto v = n.operand(i);
        demand(n.in().at(v).origin == value_origin::weight,
               std::string("its ") + (i == 1 ? "min" : "max") + " ('" + n.in().at(v).name + "') must be a constant");
        (i == 1 ? f.alpha : f.beta) = n.in().number(v);
      }
  }
  n.emit(unary_layer{f}, {n.operand(0)});
}

void import_elu(node& n) {
  import_function(n, {function::elu, n.attrs().real("alpha", 1.0F)});
}

void import_erf(node& n) {
  import_function(n, {function::erf});
}

void import_exp(node& n) {
  import_function(n, {function::exp});
}

void import_gelu(node& n) {
  const auto how = n.attrs().text("approximate", "none");
  demand(how == "none" || how == "tanh", "approximate '" + how + "' is unknown");
  import_function(n, {how == "tanh" ? function::gelu_tanh : function::gelu});
}

void import_hard_sigmoid(node& n) {
  const auto alpha = n.attrs().real("alpha", 0.2F);
  import_function(n, {function::hard_sigmoid, alpha, n.attrs().real("beta", 0.5F)});
}

void import_hard_swish(node& n) {
  import_function(n, {function::hard_swish});
}

void import_leaky_relu(node& n) {
  import_function(n, {function::leaky_relu, n.attrs().real("alpha", 0.01F)});
}

void import_neg(node& n) {
  import_function(n, {function::negative});
}

void import_relu(node& n) {
  import_function(n, activation::relu);
}

void import_sigmoid(node& n) {
  import_function(n, {function::sigmoid});
}

void import_sqrt(node& n) {
  import_function(n, {function::sqrt});
}

void import_tanh(node& n) {
  import_function(n, {function::tanh});
}

void import_reduce_mean(node& n) {
  const auto by_attribute = n.in().opset() < 18;
  n.demand_operands(1, by_attribute ? 1 : 2);
  auto& attrs = n.attrs();
  auto given = by_attribute ? attrs.integers("axes", 0, INT32_MIN, INT32_MAX)
               : n.has(1)   ? std::optional(n.in().integers(n.operand(1)))
                            : std::nullopt;
  const auto keep = attrs.flag("keepdims", true);
  const auto nothing = !by_attribute && attrs.flag("noop_with_empty_axes", false);
  const auto shape = n.shape(0); // a copy: layers below move the values
  reduce_mean_layer a;
  a.keep_axes = keep;
  if (given && !given->empty()) {
    std::vector<bool> gone(shape.size());
    for (const auto axis : *given)
      gone[n.axis(axis, shape.size())] = true;
    for (std::uint32_t axis = 0; axis < gone.size(); ++axis)
      if (gone[axis])
        a.axes.push_back(axis);
  } else if (nothing) {
    return n.emit_view(n.operand(0), shape);
  } else {
    a.axes.resize(shape.size());
    std::iota(a.axes.begin(), a.axes.end(), 0U);
  }
  const auto picture = shape.size() == 4 && a.axes == std::vector<std::uint32_t>{2, 3};
  if (!picture)
    return n.emit(a, {n.operand(0)});
  if (keep)
    return n.emit(global_average_pool_layer{}, {n.operand(0)});
  n.emit_view(n.emit_step("mean", global_average_pool_layer{}, {n.operand(0)}), {shape[0], shape[1]});
}

} // namespace baton::metadata::importer
