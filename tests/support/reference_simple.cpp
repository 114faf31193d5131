#include <algorithm>
#include <cmath>
#include <cstring>

#include "metadata/numeric.hpp"
#include "tests/support/reference_loops.hpp"

/// Layers of one loop over the result.
namespace baton::testing {

using namespace metadata;

double activate(double x, const activation& f) {
  switch (f.what) {
  case function::none: return x;
  case function::relu: return std::max(x, 0.0);
  case function::leaky_relu: return x < 0 ? f.alpha * x : x;
  case function::clip: return std::min(std::max(x, f.alpha), f.beta);
  case function::elu: return x < 0 ? f.alpha * std::expm1(x) : x;
  case function::sigmoid: return 1 / (1 + std::exp(-x));
  case function::tanh: return std::tanh(x);
  case function::hard_sigmoid: return std::clamp(f.alpha * x + f.beta, 0.0, 1.0);
  case function::hard_swish: return x * std::clamp(x / 6 + 0.5, 0.0, 1.0);
  case function::gelu: return x / 2 * (1 + std::erf(x / std::sqrt(2.0)));
  case function::gelu_tanh: return x / 2 * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
  case function::erf: return std::erf(x);
  case function::exp: return std::exp(x);
  case function::sqrt: return std::sqrt(x);
  case function::absolute: return std::abs(x);
  case function::negative: return -x;
  case function::power: return std::pow(x, f.beta);
  }
  return x;
}

namespace {

/// A result whose element at each index is what `f` says.
template <class F>
array made(const shape_t& shape, F f) {
  array y(shape);
  std::size_t element = 0;
  each(shape, [&](const shape_t& i) { y.data[element++] = f(i); });
  return y;
}

} // namespace

array reference_simple(const binary_layer& a, const operand_list& in, const shape_t& out) {
  using kind = binary_layer::kind;
  return made(out, [&](const shape_t& i) {
    const auto x = broadcast_at(*in[0], i);
    const auto y = broadcast_at(*in[1], i);
    const auto result = a.op == kind::add        ? x + y
                        : a.op == kind::subtract ? x - y
                        : a.op == kind::multiply ? x * y
                        : a.op == kind::divide   ? x / y
                                                 : std::pow(x, y);
    return activate(result, a.act);
  });
}

array reference_simple(const unary_layer& a, const operand_list& in, const shape_t& out) {
  return made(out, [&](const shape_t& i) { return activate(broadcast_at(*in[0], i), a.f); });
}

array reference_simple(const concat_layer& a, const operand_list& in, const shape_t& out) {
  return made(out, [&](shape_t i) {
    std::size_t piece = 0;
    while (i[a.axis] >= in[piece]->shape[a.axis])
      i[a.axis] -= in[piece++]->shape[a.axis];
    return broadcast_at(*in[piece], i);
  });
}

array reference_simple(const expand_layer&, const operand_list& in, const shape_t& out) {
  return made(out, [&](const shape_t& i) { return broadcast_at(*in[0], i); });
}

array reference_simple(const slice_layer& a, const operand_list& in, const shape_t& out) {
  return made(out, [&](shape_t i) {
    for (std::size_t axis = 0; axis < i.size(); ++axis)
      i[axis] = *a.axes[axis].start.constant() + i[axis] * a.axes[axis].step;
    return broadcast_at(*in[0], i);
  });
}

array reference_simple(const pad_layer& a, const operand_list& in, const shape_t& out) {
  float fill = 0; // float32 only
  std::memcpy(&fill, a.fill.data(), sizeof fill);
  return made(out, [&](shape_t i) {
    auto inside = true;
    for (std::size_t axis = 0; axis < i.size(); ++axis) {
      const auto last = in[0]->shape[axis] - 1;
      i[axis] -= a.before[axis];
      if (a.mode == pad_layer::kind::edge)
        i[axis] = std::clamp<std::int64_t>(i[axis], 0, last);
      if (a.mode == pad_layer::kind::reflect)
        i[axis] = i[axis] < 0 ? -i[axis] : i[axis] > last ? 2 * last - i[axis] : i[axis];
      inside = inside && i[axis] >= 0 && i[axis] <= last;
    }
    return inside ? broadcast_at(*in[0], i) : static_cast<double>(fill);
  });
}

array reference_simple(const reduce_mean_layer& a, const operand_list& in, const shape_t& out) {
  auto kept = in[0]->shape;
  for (const auto axis : a.axes)
    kept[axis] = 1;
  array y(kept);
  const auto share = static_cast<double>(count(kept)) / static_cast<double>(count(in[0]->shape));
  std::size_t element = 0;
  each(in[0]->shape, [&](const shape_t& i) {
    std::size_t at = 0;
    for (std::size_t axis = 0; axis < i.size(); ++axis)
      at = at * static_cast<std::size_t>(kept[axis]) + static_cast<std::size_t>(kept[axis] == 1 ? 0 : i[axis]);
    y.data[at] += in[0]->data[element++] * share;
  });
  y.shape = out;
  return y;
}

array reference_cast(const array& x, element_type to) {
  tensor wide(element_type::float64, x.shape);
  std::copy(x.data.begin(), x.data.end(), wide.as_mutable<double>().begin());
  const auto back = converted(converted(wide, to), element_type::float64);
  array y(x.shape);
  std::copy(back.as<double>().begin(), back.as<double>().end(), y.data.begin());
  return y;
}

} // namespace baton::testing
