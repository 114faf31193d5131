#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <numeric>
#include <vector>

#include "tests/support/reference_layers.hpp"

/// Loops that the reference's layers share.
namespace baton::testing {

using shape_t = std::vector<std::int64_t>;

inline std::int64_t count(const shape_t& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

/// Calls `f` with each index of `shape`, in row-major order.
inline void each(const shape_t& shape, const std::function<void(const shape_t&)>& f) {
  shape_t index(shape.size(), 0);
  for (auto left = count(shape); left > 0; --left) {
    f(index);
    for (auto axis = shape.size(); axis-- > 0;) {
      if (++index[axis] < shape[axis])
        break;
      index[axis] = 0;
    }
  }
}

/// Element of `a` at an index of a shape that it broadcasts to.
inline double broadcast_at(const array& a, const shape_t& index) {
  std::size_t at = 0;
  auto lead = index.size() - a.shape.size();
  for (std::size_t i = 0; i < a.shape.size(); ++i)
    at = at * static_cast<std::size_t>(a.shape[i]) + static_cast<std::size_t>(a.shape[i] == 1 ? 0 : index[lead + i]);
  return a.data[at];
}

double activate(double x, const metadata::activation& f);

std::vector<array> reference_conv(const metadata::conv_layer& a, const operand_list& in,
                                  const std::vector<shape_t>& out);
std::vector<array> reference_pool(const metadata::pool_layer& a, const operand_list& in,
                                  const std::vector<shape_t>& out);
std::vector<array> reference_lstm(const metadata::lstm_layer& a, const operand_list& in);
std::vector<array> reference_gru(const metadata::gru_layer& a, const operand_list& in);
std::vector<array> reference_rnn(const metadata::rnn_layer& a, const operand_list& in);

array reference_cast(const array& x, metadata::element_type to);
array reference_simple(const metadata::binary_layer& a, const operand_list& in, const shape_t& out);
array reference_simple(const metadata::unary_layer& a, const operand_list& in, const shape_t& out);
array reference_simple(const metadata::concat_layer& a, const operand_list& in, const shape_t& out);
array reference_simple(const metadata::expand_layer& a, const operand_list& in, const shape_t& out);
array reference_simple(const metadata::slice_layer& a, const operand_list& in, const shape_t& out);
array reference_simple(const metadata::pad_layer& a, const operand_list& in, const shape_t& out);
array reference_simple(const metadata::reduce_mean_layer& a, const operand_list& in, const shape_t& out);

} // namespace baton::testing
