#include "tests/support/reference_layers.hpp"

#include "tests/support/reference_loops.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <stdexcept>

namespace baton::testing {

using namespace metadata;

namespace {

struct run {
  const operand_list& in;
  const std::vector<shape_t>& out;

  bool has(std::size_t i) const { return i < in.size() && in[i] != nullptr; }

  std::vector<array> operator()(const conv_layer& a) const { return reference_conv(a, in, out); }
  std::vector<array> operator()(const pool_layer& a) const { return reference_pool(a, in, out); }
  std::vector<array> operator()(const lstm_layer& a) const { return reference_lstm(a, in); }
  std::vector<array> operator()(const gru_layer& a) const { return reference_gru(a, in); }
  std::vector<array> operator()(const rnn_layer& a) const { return reference_rnn(a, in); }

  std::vector<array> operator()(const batch_norm_layer& a) const {
    auto y = *in[0];
    auto inner = count({y.shape.begin() + 2, y.shape.end()});
    for (std::size_t i = 0; i < y.data.size(); ++i) {
      auto c = i / static_cast<std::size_t>(inner) % static_cast<std::size_t>(y.shape[1]);
      y.data[i] = activate((y.data[i] - in[3]->data[c]) / std::sqrt(in[4]->data[c] + a.epsilon) * in[1]->data[c]
                               + in[2]->data[c],
                           a.act);
    }
    return {y};
  }

  std::vector<array> operator()(const global_average_pool_layer&) const {
    const auto& x = *in[0];
    array y(out[0]);
    auto inner = static_cast<std::size_t>(x.shape[2] * x.shape[3]);
    for (std::size_t i = 0; i < x.data.size(); ++i)
      y.data[i / inner] += x.data[i] / static_cast<double>(inner);
    return {y};
  }

  std::vector<array> operator()(const linear_layer& a) const {
    const auto& x = *in[0];
    const auto& w = *in[1];
    array y(out[0]);
    const auto columns = static_cast<std::size_t>(y.shape.back());
    const auto depth = static_cast<std::size_t>(x.shape.back());
    std::size_t element = 0;
    each(y.shape, [&](const shape_t& i) {
      auto row = element / columns;
      auto column = element % columns;
      double sum = 0;
      for (std::size_t k = 0; k < depth; ++k)
        sum += x.data[row * depth + k] * w.data[a.transposed_weight ? column * depth + k : k * columns + column];
      sum *= a.alpha;
      if (has(2))
        sum += a.beta * broadcast_at(*in[2], i);
      y.data[element++] = activate(sum, a.act);
    });
    return {y};
  }

  std::vector<array> operator()(const matmul_layer& a) const {
    auto left = a.transpose_a ? swapped(*in[0]) : *in[0];
    auto right = a.transpose_b ? swapped(*in[1]) : *in[1];
    array y(out[0]);
    const auto depth = left.shape.back();
    std::size_t element = 0;
    each(y.shape, [&](const shape_t& i) {
      auto l = i;
      auto r = i;
      double sum = 0;
      for (std::int64_t k = 0; k < depth; ++k) {
        l.back() = k;
        r[r.size() - 2] = k;
        sum += broadcast_at(left, tail(l, left)) * broadcast_at(right, tail(r, right));
      }
      y.data[element++] = sum * a.alpha;
    });
    return {y};
  }

  std::vector<array> operator()(const softmax_layer& a) const {
    auto y = *in[0];
    auto shape = y.shape;
    if (a.flatten)
      shape = {count({shape.begin(), shape.begin() + a.axis}), count({shape.begin() + a.axis, shape.end()})};
    const auto axis = a.flatten ? 1 : a.axis;
    const auto outer = count({shape.begin(), shape.begin() + axis});
    const auto inner = count({shape.begin() + axis + 1, shape.end()});
    const auto extent = shape[axis];
    for (std::int64_t o = 0; o < outer; ++o)
      for (std::int64_t i = 0; i < inner; ++i) {
        auto element = [&](std::int64_t k) -> double& {
          return y.data[static_cast<std::size_t>((o * extent + k) * inner + i)];
        };
        double largest = element(0);
        for (std::int64_t k = 1; k < extent; ++k)
          largest = std::max(largest, element(k));
        double sum = 0;
        for (std::int64_t k = 0; k < extent; ++k)
          sum += element(k) = std::exp(element(k) - largest);
        for (std::int64_t k = 0; k < extent; ++k)
          element(k) = a.logarithm ? std::log(element(k) / sum) : element(k) / sum;
      }
    return {y};
  }

  std::vector<array> operator()(const gather_layer& a) const {
    const auto& data = *in[0];
    array y(out[0]);
    const auto rank = in[1]->shape.size();
    std::size_t element = 0;
    each(y.shape, [&](const shape_t& i) {
      shape_t index(i.begin() + a.axis, i.begin() + a.axis + static_cast<std::ptrdiff_t>(rank));
      auto pick = static_cast<std::int64_t>(broadcast_at(*in[1], index));
      if (pick < 0)
        pick += data.shape[a.axis];
      if (pick < 0 || pick >= data.shape[a.axis])
        throw std::out_of_range("gather");
      shape_t from(i.begin(), i.begin() + a.axis);
      from.push_back(pick);
      from.insert(from.end(), i.begin() + a.axis + static_cast<std::ptrdiff_t>(rank), i.end());
      y.data[element++] = broadcast_at(data, from);
    });
    return {y};
  }

  std::vector<array> operator()(const transpose_layer& a) const {
    array y(out[0]);
    std::size_t element = 0;
    each(y.shape, [&](const shape_t& i) {
      shape_t from(i.size());
      for (std::size_t k = 0; k < i.size(); ++k)
        from[a.permutation[k]] = i[k];
      y.data[element++] = broadcast_at(*in[0], from);
    });
    return {y};
  }

  std::vector<array> operator()(const copy_layer&) const { return {*in[0]}; }
  std::vector<array> operator()(const cast_layer& a) const { return {reference_cast(*in[0], a.to)}; }
  std::vector<array> operator()(const shape_layer& a) const {
    array y(a.shape);
    std::transform(a.elements.begin(), a.elements.end(), y.data.begin(),
                   [](const dim& d) { return static_cast<double>(*d.constant()); });
    return {y};
  }
  template <class Other>
  std::vector<array> operator()(const Other& a) const {
    return {reference_simple(a, in, out.at(0))};
  }

  std::vector<array> operator()(const global_max_pool_layer&) const {
    const auto& x = *in[0];
    array y(out[0], -std::numeric_limits<double>::infinity());
    auto inner = static_cast<std::size_t>(x.shape[2] * x.shape[3]);
    for (std::size_t i = 0; i < x.data.size(); ++i)
      y.data[i / inner] = std::max(y.data[i / inner], x.data[i]);
    return {y};
  }

  std::vector<array> operator()(const lrn_layer& a) const {
    const auto& x = *in[0];
    array y(out[0]);
    std::size_t element = 0;
    each(y.shape, [&](const shape_t& i) {
      double sum = 0;
      auto at = i;
      const auto last = std::min(i[1] + a.size / 2, x.shape[1] - 1); // a window may be far wider than the channels
      for (auto c = std::max<std::int64_t>(i[1] - (a.size - 1) / 2, 0); c <= last; ++c) {
        at[1] = c;
        sum += std::pow(broadcast_at(x, at), 2);
      }
      y.data[element++] = broadcast_at(x, i) / std::pow(a.bias + a.alpha / static_cast<double>(a.size) * sum, a.beta);
    });
    return {y};
  }

  std::vector<array> operator()(const all_true_layer&) const { return {array(out[0], 1.0)}; }

private:
  /// The last two axes exchanged.
  static array swapped(const array& a) {
    auto shape = a.shape;
    std::swap(shape[shape.size() - 1], shape[shape.size() - 2]);
    array result(shape);
    std::size_t element = 0;
    each(shape, [&](shape_t i) {
      std::swap(i[i.size() - 1], i[i.size() - 2]);
      result.data[element++] = broadcast_at(a, i);
    });
    return result;
  }
  /// The last axes of `index`, as many as `a` has.
  static shape_t tail(const shape_t& index, const array& a) {
    return {index.end() - static_cast<std::ptrdiff_t>(a.shape.size()), index.end()};
  }
};

} // namespace

array::array(std::vector<std::int64_t> extents, double fill)
    : shape(std::move(extents)), data(static_cast<std::size_t>(count(shape)), fill) {}

std::vector<array> reference_layer(const layer_attributes& attributes, const operand_list& operands,
                                   const std::vector<std::vector<std::int64_t>>& out_shapes) {
  return std::visit(run{operands, out_shapes}, attributes);
}

} // namespace baton::testing
