#include <catch2/catch.hpp>

#include "metadata/shape_rules.hpp"

using namespace baton::metadata;
using Catch::Contains;

namespace {

const std::vector<std::string> names{"N", "H"};
const auto n = dim::symbol(0);
const auto h = dim::symbol(1);

value_shape floats(dims shape, std::optional<std::uint32_t> batch = {}) {
  return {element_type::float32, std::move(shape), batch};
}

value_shape integers(dims shape, std::optional<std::uint32_t> batch = {}) {
  return {element_type::int64, std::move(shape), batch};
}

tl::expected<layer_shape, std::string> infer(const layer_attributes& a, const std::vector<value_shape>& operands) {
  std::vector<const value_shape*> list;
  for (const auto& o : operands)
    list.push_back(&o);
  return infer_shapes(a, list, names);
}

/// `[N,8] @0`: the first output and its batch axis.
std::string made(const layer_attributes& a, const std::vector<value_shape>& operands) {
  const auto result = infer(a, operands);
  if (!result)
    return result.error();
  const auto& out = result->outputs[0];
  return to_string(out.shape, names) + (out.batch_axis ? " @" + std::to_string(*out.batch_axis) : "");
}

} // namespace

TEST_CASE("convolutions give the shapes of the formula", "[metadata]") {
  conv_layer a;
  const auto x = floats({n, 3, 224, 224}, 0);
  a.strides = {2, 2};
  a.pads = {3, 3, 3, 3};
  CHECK(made(a, {x, floats({64, 3, 7, 7})}) == "[N,64,112,112] @0");
  CHECK(made(a, {floats({n, 3, h, 9}, 0), floats({64, 3, 7, 7})}) == "[N,64,floor((H+1)/2),5] @0");
  a = {};
  a.dilations = {2, 3};
  a.groups = 3;
  CHECK(made(a, {x, floats({6, 1, 3, 3}), floats({6})}) == "[N,6,220,218] @0");
  CHECK_THAT(made(a, {x, floats({7, 1, 3, 3})}), Contains("3 groups do not divide the 7 output channels"));
  CHECK_THAT(made(a, {x, floats({6, 2, 3, 3})}), Contains("do not agree on the input channels"));
  CHECK_THAT(made(a, {x, floats({6, 1, 3, 3}), floats({5})}), Contains("b has shape [5] where [6] is needed"));
  CHECK_THAT(made(a, {floats({n, 3, 4, 224}), floats({6, 1, 3, 3})}), Contains("window is larger"));
  CHECK_THAT(made(a, {floats({n, 3, 4}), floats({6, 1, 3, 3})}), Contains("x [N,3,4] must have 4 extents"));
  CHECK_THAT(made(a, {x}), Contains("operand w is missing"));
  a.strides = {0, 1};
  CHECK_THAT(made(a, {x, floats({6, 1, 3, 3})}), Contains("strides must be positive"));
}

TEST_CASE("pools round as asked and never look at padding alone", "[metadata]") {
  pool_layer a;
  a.kernel = {3, 3};
  a.strides = {2, 2};
  CHECK(made(a, {floats({n, 3, 8, 9}, 0)}) == "[N,3,3,4] @0");
  a.ceil_mode = true;
  CHECK(made(a, {floats({n, 3, 8, 9}, 0)}) == "[N,3,4,4] @0");
  a.kernel = {2, 2};
  a.strides = {3, 3};
  CHECK(made(a, {floats({n, 3, 6, 6})}) == "[N,3,2,2]"); // a third window would begin behind the input
  CHECK_THAT(made(a, {floats({n, 3, h, 5})}), Contains("wholly in the padding"));
  CHECK(made(a, {floats({n, 3, 5, 5})}) == "[N,3,2,2]");
  a.pads = {2, 0, 0, 0};
  CHECK_THAT(made(a, {floats({n, 3, 6, 6})}), Contains("pads must be smaller"));
  CHECK(made(global_average_pool_layer{}, {floats({n, 5, h, 9}, 0)}) == "[N,5,1,1] @0");
}

TEST_CASE("products and sums agree on inner extents and broadcast the rest", "[metadata]") {
  linear_layer l;
  CHECK(made(l, {floats({n, h, 6}, 0), floats({6, 4}), floats({4})}) == "[N,H,4] @0");
  CHECK_THAT(made(l, {floats({n, 5}), floats({6, 4})}), Contains("do not agree on the inner extent"));
  l.transposed_weight = true;
  CHECK(made(l, {floats({n, 6}, 0), floats({4, 6}), floats({1, 4})}) == "[N,4] @0");
  CHECK_THAT(made(l, {floats({n, 6}), floats({4, 6}), floats({3})}), Contains("b [3] does not broadcast to [N,4]"));
  CHECK_THAT(made(l, {floats({1, 6}), floats({4, 6}), floats({3, 4})}), Contains("does not broadcast"));

  matmul_layer m;
  CHECK(made(m, {floats({n, 2, h, 6}, 0), floats({n, 2, 6, h}, 0)}) == "[N,2,H,H] @0");
  CHECK(made(m, {floats({n, 6}, 0), floats({6, 3})}) == "[N,3] @0");
  CHECK(made(m, {floats({5, n, 6}, 1), floats({6, 3})}) == "[5,N,3] @1");
  CHECK(made(m, {floats({n, 6}, 0), floats({6, n}, 1)}) == "[N,N]");
  m.transpose_a = true;
  CHECK(made(m, {floats({n, 6}, 0), floats({n, 3}, 0)}) == "[6,3]");
  CHECK_THAT(made(m, {floats({6}), floats({6, 3})}), Contains("at least 2 extents"));
  CHECK_THAT(made(matmul_layer{}, {floats({2, 4, 6}), floats({3, 6, 4})}), Contains("do not fit together"));

  const binary_layer sum;
  CHECK(made(sum, {floats({n, 3, h}, 0), floats({3, 1})}) == "[N,3,H] @0");
  CHECK(made(sum, {floats({3}), floats({n, 3}, 0)}) == "[N,3] @0");
  CHECK(made(sum, {floats({n, 1}, 0), floats({1, n}, 1)}) == "[N,N]");
  CHECK_THAT(made(sum, {floats({n, 3}), floats({n, 4})}), Contains("[N,3] and [N,4] do not fit together"));
  CHECK_THAT(made(sum, {floats({n, 3}), floats({h, 3})}), Contains("do not fit together"));
  CHECK_THAT(made(sum, {floats({3}), integers({3})}), Contains("a is float32 and b int64: they must be of one type"));
  CHECK(made(sum, {integers({n, 1}, 0), integers({3})}) == "[N,3] @0");
  CHECK_THAT(made(binary_layer{binary_layer::kind::power}, {integers({3}), integers({3})}),
             Contains("a must be float32, not int64"));
}

TEST_CASE("slices and pads may be symbolic where they stay inside", "[metadata]") {
  using range = slice_layer::range;
  const range all{0, 1, n};
  const auto x = floats({n, h}, 0);
  CHECK(made(slice_layer{{all, {h - 1, 1, 1}}}, {x}) == "[N,1] @0");
  CHECK(made(slice_layer{{all, {h - 1, -2, floor_div(h + 1, 2)}}}, {x}) == "[N,floor((H+1)/2)] @0");
  CHECK(made(slice_layer{{{0, 1, n - 1}, {0, 1, h}}}, {x}) == "[N-1,H]"); // no batch any more
  CHECK_THAT(made(slice_layer{{all, {h, 1, 1}}}, {x}), Contains("lies outside axis 1"));
  CHECK_THAT(made(slice_layer{{all, {-1, 1, 1}}}, {x}), Contains("lies outside axis 1"));
  CHECK_THAT(made(slice_layer{{all, {0, 0, 1}}}, {x}), Contains("step must not be 0"));
  CHECK_THAT(made(slice_layer{{all}}, {x}), Contains("a range for each axis"));
  pad_layer p{pad_layer::kind::reflect, {0, 2}, {0, 3}};
  CHECK(made(p, {x}) == "[N,H+5] @0");
  CHECK_THAT(made(p, {floats({n, 3}, 0)}), Contains("cannot reflect more than axis 1"));
  p.before[0] = -1;
  CHECK_THAT(made(p, {x}), Contains("pads must be from 0"));
}

TEST_CASE("concatenations, means and repeats keep the batch where it stays one", "[metadata]") {
  const auto x = floats({n, h}, 0);
  CHECK(made(concat_layer{1}, {x, floats({n, 3}, 0)}) == "[N,H+3] @0");
  CHECK(made(concat_layer{0}, {x, x}) == "[2*N,H]");
  CHECK_THAT(made(concat_layer{0}, {x, floats({n, 3}, 0)}), Contains("[N,H] and [N,3] differ beside axis 0"));
  CHECK_THAT(made(concat_layer{0}, {x, integers({n, h}, 0)}), Contains("float32 and int64"));
  CHECK_THAT(made(concat_layer{2}, {x}), Contains("axis lies outside"));
  CHECK(made(reduce_mean_layer{{1}, false}, {floats({5, h, n}, 2)}) == "[5,N] @1");
  CHECK(made(reduce_mean_layer{{0}, true}, {x}) == "[1,H]");
  CHECK_THAT(made(reduce_mean_layer{{0, 0}, true}, {x}), Contains("different"));
  CHECK(made(expand_layer{{4, n, h}}, {floats({n, 1}, 0)}) == "[4,N,H] @1");
  CHECK_THAT(made(expand_layer{{1, h}}, {x}), Contains("does not broadcast"));
  CHECK(infer(cast_layer{element_type::int8}, {x})->outputs[0].type == element_type::int8);
  CHECK_THAT(made(unary_layer{{function::sigmoid}}, {integers({n})}), Contains("x must be float32, not int64"));
}

TEST_CASE("layers that pick and move elements keep track of the batch", "[metadata]") {
  CHECK(made(gather_layer{0}, {floats({100, 8}), integers({n, h}, 0)}) == "[N,H,8] @0");
  CHECK(made(gather_layer{1}, {floats({100, 8, 4}), integers({n}, 0)}) == "[100,N,4] @1");
  CHECK(made(gather_layer{0}, {floats({h, n, 8}, 1), integers({})}) == "[N,8] @0");
  CHECK(made(gather_layer{1}, {floats({n, h, 8}, 0), integers({})}) == "[N,8] @0");
  CHECK(made(gather_layer{0}, {floats({n, 8}, 0), integers({3})}) == "[3,8]");
  CHECK(infer(gather_layer{0}, {integers({9}), integers({n}, 0)})->outputs[0].type == element_type::int64);
  CHECK_THAT(made(gather_layer{2}, {floats({100, 8}), integers({n})}), Contains("axis"));
  CHECK_THAT(made(gather_layer{0}, {floats({100, 8}), floats({n})}), Contains("indices must be int64"));
  CHECK(made(transpose_layer{{1, 0, 2}}, {floats({n, h, 8}, 0)}) == "[H,N,8] @1");
  CHECK_THAT(made(transpose_layer{{1, 1, 2}}, {floats({n, h, 8}, 0)}), Contains("once"));
  CHECK_THAT(made(transpose_layer{{1, 0}}, {floats({n, h, 8}, 0)}), Contains("each axis"));
  CHECK(made(softmax_layer{1, false}, {floats({n, 8}, 0)}) == "[N,8] @0");
  CHECK(made(softmax_layer{0, false}, {floats({n, 8}, 0)}) == "[N,8]");
  CHECK(made(softmax_layer{0, true}, {floats({4, n}, 1)}) == "[4,N]");
}

TEST_CASE("an LSTM has a part per step and carries h and c", "[metadata]") {
  const lstm_layer a{5};
  const std::vector<value_shape> operands{floats({h, n, 6}, 1), floats({1, 20, 6}), floats({1, 20, 5}), floats({1, 40}),
                                          floats({1, n, 5}, 1)};
  const auto result = infer(a, operands);
  REQUIRE(result);
  CHECK(to_string(result->outputs[0].shape, names) == "[H,1,N,5]");
  CHECK(to_string(result->outputs[2].shape, names) == "[1,N,5]");
  CHECK(result->parts == h);
  CHECK(result->state_bytes == n * 40);
  auto bad = operands;
  bad[2] = floats({1, 20, 6});
  CHECK_THAT(infer(a, bad).error(), Contains("r has shape [1,20,6] where [1,20,5] is needed"));
  bad = operands;
  bad[4] = floats({1, 1, 5});
  CHECK_THAT(infer(a, bad).error(), Contains("h0 has shape [1,1,5] where [1,N,5] is needed"));
}

TEST_CASE("a view keeps the batch axis only where its rows stay together", "[metadata]") {
  const auto axis = [](const dims& from, std::uint32_t batch, const dims& to) {
    return batch_axis_of_view(floats(from, batch), to);
  };
  CHECK(axis({n, 16, 1, 1}, 0, {n, 16}) == 0U);
  CHECK(axis({h, 1, n, 5}, 2, {h, n, 5}) == 1U);
  CHECK(axis({1, n, 5}, 1, {n, 5}) == 0U);
  CHECK(axis({n, h, 5}, 0, {n * h, 5}) == std::nullopt);
  CHECK(axis({h, n, 5}, 1, {n, h, 5}) == std::nullopt);
}

TEST_CASE("absurd shapes are refused", "[metadata]") {
  CHECK(check_shape({n, 3, 224, 224}).empty());
  CHECK_THAT(check_shape({n, 0}), Contains("not positive"));
  CHECK_THAT(check_shape({std::int64_t{1} << 40}), Contains("absurdly large"));
  CHECK_THAT(check_shape({1 << 30, 1 << 30, 1 << 30}), Contains("absurdly many"));
  CHECK_THAT(check_shape(dims(9, 1)), Contains("more than 8"));
}
