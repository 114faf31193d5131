#include <algorithm>

#include "gpu/cuda/activation.hpp"
#include "gpu/cuda/box_index.hpp"
#include "gpu/cuda/kernels.hpp"
#include "gpu/cuda/launch.hpp"
#include "gpu/cuda/product.hpp"

namespace baton::gpu::cuda {
namespace {

enum role : std::size_t { x, w, b };

/// y = act(y + addend), broadcast.
struct addend_element {
  box_index<1> where;
  activation_op act;
  __host__ __device__ void operator()(std::int64_t i, span<const float> addend, span<float> y) const {
    y[i] = act(y[i] + addend[where(i)[0]]);
  }
};

struct activation_element {
  activation_op act;
  __host__ __device__ void operator()(std::int64_t i, span<float> y) const { y[i] = act(y[i]); }
};

void add_activation(layer_builder& builder, const place& y, std::int64_t count, const metadata::activation& act) {
  const activation_element op{make_activation(act)};
  builder.add([=](const run_context& c) {
    for_each_index(c.stream(), count, op, c.write<float>(y, static_cast<std::size_t>(count)));
  });
}

void add_addend(layer_builder& builder, const place& addend, const extents& shape, const place& y, const extents& out,
                const metadata::activation& act) {
  addend_element op{{}, make_activation(act)};
  const auto steps = repeating_strides(shape, out.size());
  for (auto axis = out.size(); axis-- > 0;)
    op.where.wrap(out[axis], {steps[axis]});
  const auto count = elements_of(out);
  const auto numbers = static_cast<std::size_t>(elements_of(shape));
  builder.add([=](const run_context& c) {
    for_each_index(c.stream(), count, op, c.read<float>(addend, numbers),
                   c.write<float>(y, static_cast<std::size_t>(count)));
  });
}

} // namespace

void build_linear(layer_builder& builder, const metadata::linear_layer& a) {
  const auto out = builder.output_shape();
  product_shape s;
  s.columns = out.back();
  s.depth = builder.input_shape(x).back();
  s.rows = elements_of(out) / s.columns;
  s.transposed_w = a.transposed_weight;
  s.alpha = a.alpha;
  const auto weights =
      builder.prepared(weight_role::matrix, static_cast<std::size_t>(s.depth * s.columns), [&](std::span<float> to) {
        const auto tensor = builder.read_weight(w);
        std::copy_n(tensor.as<float>().begin(), to.size(), to.begin());
      });
  const auto relu = a.act == metadata::activation::relu;
  const auto plain = a.act == metadata::activation::none;
  const auto from = builder.input(x);
  const auto to = builder.output();
  if (!builder.has(b)) {
    add_product(builder, s, from, weights, to, {.relu = relu});
    if (!plain && !relu)
      add_activation(builder, to, elements_of(out), a.act);
    return;
  }
  const auto shape = builder.input_shape(b);
  const auto numbers = elements_of(shape);
  const auto per_column = numbers == 1 || (numbers == s.columns && shape.back() == s.columns);
  // beta * b, once per column where it is one number, else in its own extents.
  const auto bias = builder.prepared(weight_role::bias, static_cast<std::size_t>(per_column ? s.columns : numbers),
                                     [&](std::span<float> target) {
                                       const auto tensor = builder.read_weight(b);
                                       const auto source = tensor.as<float>();
                                       for (std::size_t i = 0; i < target.size(); ++i)
                                         target[i] = a.beta * source[source.size() == 1 ? 0 : i];
                                     });
  if (!per_column) {
    add_product(builder, s, from, weights, to);
    return add_addend(builder, bias, shape, to, out, a.act);
  }
  add_product(builder, s, from, weights, to, {bias, relu});
  if (!plain && !relu)
    add_activation(builder, to, elements_of(out), a.act);
}

void build_matmul(layer_builder& builder, const metadata::matmul_layer& a) {
  auto left = builder.input_shape(0);
  auto right = builder.input_shape(1);
  if (left.empty() || right.empty())
    builder.unsupported("its operands must have at least one axis");
  builder.require_float(builder.input_value(0));
  builder.require_float(builder.input_value(1));
  // A vector is a row on the left and a column on the right; its axis is not in the result.
  if (left.size() == 1)
    left.insert(left.begin(), 1);
  if (right.size() == 1)
    right.push_back(1);
  const auto rank = std::max(left.size(), right.size());
  left = padded_rank(left, rank);
  right = padded_rank(right, rank);
  product_shape s;
  s.transposed_x = a.transpose_a;
  s.transposed_w = a.transpose_b;
  s.alpha = a.alpha;
  s.rows = left[a.transpose_a ? rank - 1 : rank - 2];
  s.depth = left[a.transpose_a ? rank - 2 : rank - 1];
  s.columns = right[a.transpose_b ? rank - 2 : rank - 1];
  const auto left_steps = repeating_strides(left, rank);
  const auto right_steps = repeating_strides(right, rank);
  auto step = s.rows * s.columns;
  for (auto i = rank - 2; i-- > 0;) {
    const auto count = std::max(left[i], right[i]);
    s.batch.insert(s.batch.begin(), {count, left_steps[i], right_steps[i], step});
    step *= count;
  }
  add_product(builder, s, builder.input(0), builder.input(1), builder.output());
}

} // namespace baton::gpu::cuda
