#include <algorithm>

#include "gpu/cpu/kernels.hpp"
#include "gpu/cpu/weights_of_one.hpp"
#include "gpu/defaults.hpp"

namespace baton::gpu::cpu {
namespace {

using dnnl::matmul;

enum role : std::size_t { x, w, b };

/// How a linear layer's addend is applied.
enum class addend { none, per_column, general };

/// The product at any number of rows.
struct product {
  std::int64_t depth;
  std::int64_t columns;
  bool has_bias;
  metadata::activation act;
  number factors;
  number result;
};

matmul::primitive_desc describe(const product& p, std::int64_t rows, const layout& weights) {
  auto attributes = user_scratchpad();
  dnnl::post_ops ops;
  append_activation(ops, p.act);
  attributes.set_post_ops(ops);
  auto source = plain_layout({rows, p.depth}, p.factors);
  auto target = plain_layout({rows, p.columns}, p.result);
  auto d = p.has_bias ? matmul::desc(source, weights, plain_layout({1, p.columns}), target)
                      : matmul::desc(source, weights, target);
  return {d, attributes, cpu_engine()};
}

/// One layout of the weights for all numbers of rows: the one that a single row wants (on AVX-512 tiles of 16x64).
/// Measured on 2048 x 1000, one core, with 1 and 4 rows: 76 and 143 us so, 109 and 143 us with plain weights, 83 and
/// 147 us as oneDNN's inner product in its own layout.
matmul::primitive_desc choose(const product& p, std::int64_t rows) {
  return with_weights_of_one(rows == 1, any_layout({p.depth, p.columns}, p.factors),
                             [&](bool one, const layout& weights) { return describe(p, one ? 1 : rows, weights); });
}

/// A product, as a whole or its columns in parts.
struct parted {
  matmul::primitive_desc one; ///< of a part
  std::uint32_t parts = 1;
};

/// Cut if it is expected to be too long, and the parts can take their weights where those of the whole are.
parted in_parts(product p, std::int64_t rows, const matmul::primitive_desc& whole, const kernel_seeker& seeker) {
  const auto bytes = static_cast<double>(whole.weights_desc().get_size());
  const auto flops = 2.0 * static_cast<double>(rows) * static_cast<double>(p.depth) * static_cast<double>(p.columns);
  const auto seconds = std::max(bytes / defaults::bytes_per_second, flops / defaults::flops_per_second / seeker.cores);
  // A block of columns is one core's.
  const auto turns = [&, blocks = p.columns / defaults::columns_in_block](std::uint32_t k) {
    const std::int64_t cores{seeker.cores};
    return static_cast<double>(k * ((blocks / k + cores - 1) / cores));
  };
  const auto n = parts_for(seeker.cuts, seconds, [&](std::uint32_t k) {
    return p.columns % (std::int64_t{k} * defaults::columns_in_block) == 0 && has_pieces(whole.weights_desc(), 1, k)
           && turns(k) <= seeker.cuts.most_cost * turns(1);
  });
  if (n == 1)
    return {whole};
  try {
    p.columns /= n;
    if (auto one = describe(p, rows, piece_of(whole.weights_desc(), 1, n).how); !is_reference(one))
      return {one, n};
  } catch (const dnnl::error&) {
    // The library has none for that.
  }
  return {whole};
}

} // namespace

void build_linear(layer_builder& builder, const metadata::linear_layer& a) {
  auto in = builder.input_shape(x);
  auto out = builder.output_shape();
  const auto columns = out.back();
  const auto depth = in.back();
  const auto rows = elements_of(out) / columns;
  auto kind = addend::none;
  if (builder.has(b)) {
    auto shape = builder.input_shape(b);
    auto count = elements_of(shape);
    kind = count == 1 || (count == columns && shape.back() == columns) ? addend::per_column : addend::general;
  }
  const bool fused = kind != addend::general;
  const product p{.depth = depth,
                  .columns = columns,
                  .has_bias = kind == addend::per_column,
                  .act = fused ? a.act : metadata::activation::none,
                  .factors = builder.numbers().factors,
                  .result = fused ? builder.result_number() : number::f32};
  const auto whole = choose(p, rows);
  // What is added afterwards would be added in each part.
  const auto [d, parts] = fused ? in_parts(p, rows, whole, builder.seeker()) : parted{whole};
  builder.set_parts(parts, 0);

  // x * (alpha * w): one multiplication less per run.
  const extents swapped{1, depth};
  const layout given =
      a.transposed_weight ? layout({depth, columns}, number::f32, swapped) : plain_layout({depth, columns});
  std::vector<primitive_step::argument> arguments{
      {DNNL_ARG_SRC, builder.plain_input(x, {rows, depth}, p.factors)},
      {DNNL_ARG_WEIGHTS, builder.piece(builder.prepared(weight_role::matrix, whole.weights_desc(), given,
                                                        [&](std::span<float> to) {
                                                          auto tensor = builder.read_weight(w);
                                                          std::transform(tensor.as<float>().begin(),
                                                                         tensor.as<float>().end(), to.begin(),
                                                                         [&](float f) { return a.alpha * f; });
                                                        }),
                                       1, parts)}};
  // beta * b, once per column where it is one number, else in its own extents.
  auto scaled = [&](std::span<float> to) {
    auto tensor = builder.read_weight(b);
    auto from = tensor.as<float>();
    for (std::size_t i = 0; i < to.size(); ++i)
      to[i] = a.beta * from[from.size() == 1 ? 0 : i];
  };
  if (kind == addend::per_column) {
    const auto lie = plain_layout({1, columns});
    arguments.push_back(
        {DNNL_ARG_BIAS, builder.piece(builder.prepared(weight_role::bias, lie, lie, scaled), 1, parts)});
  }
  // The library's fast kernels write rows that lie close together.
  const auto there = builder.piece(builder.plain_output(0, {rows, columns}, p.result), 1, parts);
  const bool as_it_is = same_layout(d.dst_desc(), there.how);
  const operand result = as_it_is ? there : operand{d.dst_desc(), builder.scratch(d.dst_desc().get_size())};
  arguments.push_back({DNNL_ARG_DST, result});
  builder.add(matmul(d), d.scratchpad_desc(), std::move(arguments));
  if (!as_it_is)
    builder.reorder(result, there);
  if (fused)
    return;

  auto target = plain_layout(out);
  auto shape = plain_layout(padded_rank(builder.input_shape(b), out.size()));
  auto attributes = user_scratchpad();
  dnnl::post_ops ops;
  append_activation(ops, a.act);
  attributes.set_post_ops(ops);
  dnnl::binary::primitive_desc sum({dnnl::algorithm::binary_add, target, shape, target}, attributes, cpu_engine());
  operand y{target, builder.plain_output().at};
  builder.add(dnnl::binary(sum), sum.scratchpad_desc(),
              {{DNNL_ARG_SRC_0, y},
               {DNNL_ARG_SRC_1, builder.prepared(weight_role::bias, shape, shape, scaled)},
               {DNNL_ARG_DST, y}});
}

void build_matmul(layer_builder& builder, const metadata::matmul_layer& a) {
  auto left = builder.input_shape(0);
  auto right = builder.input_shape(1);
  if (left.empty() || right.empty())
    builder.unsupported("its operands must have at least one axis");
  // A vector is a row on the left and a column on the right; its axis is not in the result.
  if (left.size() == 1)
    left.insert(left.begin(), 1);
  if (right.size() == 1)
    right.push_back(1);
  auto rank = std::max(left.size(), right.size());
  left = padded_rank(left, rank);
  right = padded_rank(right, rank);
  // The bytes stay where they are; swapping the last two axes is a matter of strides.
  auto seen = [&](const extents& shape, bool transpose) {
    auto how = plain_layout(shape);
    if (!transpose)
      return how;
    std::vector<int> swap(rank);
    for (std::size_t i = 0; i < rank; ++i)
      swap[i] = static_cast<int>(i);
    std::swap(swap[rank - 1], swap[rank - 2]);
    return how.permute_axes(swap);
  };
  auto how_left = seen(left, a.transpose_a);
  auto how_right = seen(right, a.transpose_b);
  extents out(rank);
  for (std::size_t i = 0; i + 2 < rank; ++i)
    out[i] = std::max(left[i], right[i]);
  out[rank - 2] = how_left.dims()[rank - 2];
  out[rank - 1] = how_right.dims()[rank - 1];

  auto attributes = user_scratchpad();
  if (a.alpha != 1.0F)
    attributes.set_output_scales(0, {a.alpha});
  matmul::primitive_desc d({how_left, how_right, plain_layout(out)}, attributes, cpu_engine());
  builder.add(matmul(d), d.scratchpad_desc(),
              {{DNNL_ARG_SRC, {how_left, builder.plain_input(0, left).at}},
               {DNNL_ARG_WEIGHTS, {how_right, builder.plain_input(1, right).at}},
               {DNNL_ARG_DST, builder.plain_output(0, out)}});
}

} // namespace baton::gpu::cpu
