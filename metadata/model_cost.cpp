#include <algorithm>

#include "metadata/model.hpp"
#include "metadata/shape_rules.hpp"

/// What layers cost. A multiply-add counts two, any other operation on an element one, the exponential functions too.
namespace baton::metadata {

namespace {

/// The operations of one layer kind.
class counter {
public:
  counter(const model& m, const layer& l) : m_(m), l_(l) {}

  dim operator()(const conv_layer& a) const {
    const auto& w = shape(1); // [K, C/groups, R, S]
    return out()
           * (dim(2) * w[1] * w[2] * w[3] + extra(has(2)) + extra(has(3)) + dim(a.has_batch_norm ? 2 : 0) + act(a.act));
  }
  dim operator()(const batch_norm_layer& a) const { return out() * (dim(2) + act(a.act)); }
  dim operator()(const pool_layer& a) const { return out() * dim(a.kernel[0] * a.kernel[1]); }
  dim operator()(const global_average_pool_layer&) const { return elements(0); }
  dim operator()(const linear_layer& a) const {
    return out() * (dim(2) * shape(0).back() + extra(has(2)) + act(a.act));
  }
  dim operator()(const matmul_layer& a) const {
    const auto& x = shape(0);
    return out() * dim(2) * x[x.size() - (a.transpose_a ? 2 : 1)];
  }
  dim operator()(const softmax_layer&) const { return out() * dim(5); } // max, subtract, exp, sum, divide
  dim operator()(const gather_layer&) const { return 0; }
  dim operator()(const transpose_layer&) const { return 0; }
  dim operator()(const copy_layer&) const { return 0; }
  dim operator()(const binary_layer& a) const { return out() * (dim(1) + act(a.act)); }
  dim operator()(const unary_layer&) const { return out(); }
  dim operator()(const cast_layer&) const { return out(); }
  dim operator()(const concat_layer&) const { return 0; }
  dim operator()(const expand_layer&) const { return 0; }
  dim operator()(const slice_layer&) const { return 0; }
  dim operator()(const pad_layer&) const { return 0; }
  dim operator()(const reduce_mean_layer&) const { return elements(0); }
  dim operator()(const shape_layer&) const { return 0; }
  dim operator()(const lstm_layer& a) const {
    const dim peepholes = has(6) ? 6 : 0;
    return recurrent(4, a.hidden, a.direction, dim(9) + peepholes); // c = f*c + i*g, h = o*tanh(c)
  }
  dim operator()(const global_max_pool_layer&) const { return elements(0); }
  dim operator()(const lrn_layer& a) const {
    return out() * dim(2 * a.size + 4);
  } // square and sum, scale, power, divide
  dim operator()(const gru_layer& a) const {
    return recurrent(3, a.hidden, a.direction, 5); // r*h, h = (1-z)*g + z*h
  }
  dim operator()(const rnn_layer& a) const { return recurrent(1, a.hidden, a.direction, 0); }
  dim operator()(const all_true_layer&) const { return 0; }

private:
  /// Two products, biases, activations, and what else is done with each hidden element in a step.
  dim recurrent(std::int64_t gates, std::int64_t hidden, recurrent_direction direction, const dim& rest) const {
    const auto& x = shape(0); // [S, N, I]
    const dim h = hidden;
    const auto per_gate = dim(2) * (x[2] + h) + dim(has(3) ? 3 : 1);
    return dim(directions_of(direction)) * x[0] * x[1] * h * (dim(gates) * per_gate + rest);
  }
  bool has(std::size_t i) const { return i < l_.inputs.size() && l_.inputs[i] != none; }
  const dims& shape(std::size_t i) const { return m_.values()[l_.inputs[i]].shape; }
  dim elements(std::size_t i) const { return m_.elements(l_.inputs[i]); }
  dim out() const { return m_.elements(l_.outputs[0]); }
  static dim extra(bool there) { return there ? 1 : 0; }
  static dim act(const activation& a) { return a == activation::none ? 0 : 1; }

  const model& m_;
  const layer& l_;
};

} // namespace

dim model::elements(value_index v) const {
  return elements_of(p_.values[v].shape);
}

dim model::bytes(value_index v) const {
  return elements(v) * dim(static_cast<std::int64_t>(size_of(p_.values[v].type)));
}

dim model::flops(std::uint32_t layer) const {
  const auto& l = p_.layers[layer];
  return std::visit(counter(*this, l), l.attributes);
}

dim model::traffic(std::uint32_t layer) const {
  const auto& l = p_.layers[layer];
  std::vector<value_index> seen;
  dim total = 0;
  const auto count = [&](value_index v, const dim& amount) {
    if (v == none || std::find(seen.begin(), seen.end(), root(v)) != seen.end())
      return;
    seen.push_back(root(v));
    total = total + amount;
  };
  const auto gathers =
      std::holds_alternative<gather_layer>(l.attributes) || std::holds_alternative<slice_layer>(l.attributes);
  for (std::size_t i = 0; i < l.inputs.size(); ++i)
    if (l.inputs[i] != none)
      count(l.inputs[i], gathers && i == 0 ? bytes(l.outputs[0]) : bytes(l.inputs[i]));
  for (const auto v : l.outputs)
    if (v != none)
      count(v, bytes(v));
  return total;
}

std::uint64_t model::parameters() const {
  std::uint64_t total = 0;
  for (const auto& v : p_.values)
    if (v.origin == value_origin::weight)
      total += v.weight.bytes / size_of(v.type);
  return total;
}

std::uint64_t model::weight_bytes() const {
  std::uint64_t total = 0;
  for (const auto& v : p_.values)
    if (v.origin == value_origin::weight)
      total += v.weight.bytes;
  return total;
}

} // namespace baton::metadata
