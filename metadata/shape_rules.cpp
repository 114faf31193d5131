#include "metadata/shape_rules.hpp"

#include <algorithm>

#include "metadata/defaults.hpp"
#include "metadata/shape_rules_detail.hpp"

namespace baton::metadata {

namespace {

constexpr operand_role conv_roles[] = {{"x"},
                                       {"w"},
                                       {"b", false},
                                       {"residual", false, false},
                                       {"scale", false, true},
                                       {"bias", false, true},
                                       {"mean", false, true},
                                       {"variance", false, true}};
constexpr operand_role batch_norm_roles[] = {{"x"}, {"scale"}, {"bias"}, {"mean"}, {"variance"}};
constexpr operand_role x_role[] = {{"x"}};
constexpr operand_role linear_roles[] = {{"x"}, {"w", true, true}, {"b", false, true}};
constexpr operand_role matmul_roles[] = {{"a"}, {"b"}};
constexpr operand_role gather_roles[] = {{"data"}, {"indices"}};
constexpr operand_role lstm_roles[] = {{"x"}, {"w"}, {"r"}, {"b", false}, {"h0", false}, {"c0", false}, {"p", false}};
constexpr operand_role recurrent_roles[] = {{"x"}, {"w"}, {"r"}, {"b", false}, {"h0", false}};

struct roles_of {
  using result = std::span<const operand_role>;
  result operator()(const conv_layer&) const { return conv_roles; }
  result operator()(const batch_norm_layer&) const { return batch_norm_roles; }
  result operator()(const linear_layer&) const { return linear_roles; }
  result operator()(const matmul_layer&) const { return matmul_roles; }
  result operator()(const binary_layer&) const { return matmul_roles; }
  result operator()(const concat_layer&) const { return {}; }
  result operator()(const shape_layer&) const { return {}; }
  result operator()(const gather_layer&) const { return gather_roles; }
  result operator()(const lstm_layer&) const { return lstm_roles; }
  result operator()(const gru_layer&) const { return recurrent_roles; }
  result operator()(const rnn_layer&) const { return recurrent_roles; }
  template <class Unary>
  result operator()(const Unary&) const {
    return x_role;
  }
};

} // namespace

std::span<const operand_role> roles(const layer_attributes& attributes) {
  return std::visit(roles_of{}, attributes);
}

tl::expected<layer_shape, std::string> infer_shapes(const layer_attributes& attributes,
                                                    std::span<const value_shape* const> given,
                                                    std::span<const std::string> names) {
  try {
    const auto wanted = roles(attributes);
    const rules::operands in(attributes, given, names);
    for (std::size_t i = 0; i < wanted.size(); ++i)
      rules::demand(in.has(i) || !wanted[i].required, "its operand " + in.name(i) + " is missing");
    rules::demand(wanted.empty() || given.size() <= wanted.size(), "it has too many operands");
    auto result = std::visit([&](const auto& a) { return rules::infer(a, in); }, attributes);
    for (const auto& out : result.outputs)
      if (const auto wrong = check_shape(out.shape); !wrong.empty())
        return tl::unexpected<std::string>("its result " + to_string(out.shape, names) + " " + wrong);
    return result;
  } catch (const rules::rule_violation& wrong) {
    return tl::unexpected<std::string>(wrong.what());
  }
}

std::string to_string(const dims& shape, std::span<const std::string> names) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i)
    text += (i > 0 ? "," : "") + shape[i].to_string(names);
  return text + ']';
}

dim elements_of(const dims& shape) {
  dim product = 1;
  for (const auto& extent : shape)
    product = product * extent;
  return product;
}

std::optional<std::uint32_t> batch_axis_of_view(const value_shape& from, const dims& shape) {
  if (!from.batch_axis)
    return std::nullopt;
  const auto begin = from.shape.begin();
  const auto before = elements_of(dims(begin, begin + *from.batch_axis));
  dim product = 1;
  for (std::uint32_t axis = 0; axis < shape.size(); ++axis) {
    if (product == before && shape[axis] == from.shape[*from.batch_axis])
      return axis;
    product = product * shape[axis];
  }
  return std::nullopt;
}

tl::expected<dims, std::string> broadcast(const dims& a, const dims& b, std::span<const std::string> names) {
  const auto& longer = a.size() >= b.size() ? a : b;
  const auto& shorter = a.size() >= b.size() ? b : a;
  auto result = longer;
  const auto shift = longer.size() - shorter.size();
  for (std::size_t i = 0; i < shorter.size(); ++i) {
    auto& extent = result[shift + i];
    if (extent == shorter[i] || shorter[i] == dim(1))
      continue;
    if (extent != dim(1))
      return tl::unexpected<std::string>("shapes " + to_string(a, names) + " and " + to_string(b, names)
                                         + " do not fit together");
    extent = shorter[i];
  }
  return result;
}

std::string check_shape(const dims& shape) {
  if (shape.size() > defaults::max_rank)
    return "has more than " + std::to_string(defaults::max_rank) + " extents";
  for (const auto& extent : shape) {
    const auto constant = extent.constant();
    if (constant && *constant < 1)
      return "has an extent that is not positive";
    if (extent.too_large() || (constant && *constant > defaults::max_extent))
      return "has an absurdly large extent";
  }
  const auto elements = elements_of(shape);
  const std::vector<std::int64_t> ones(elements.symbols_needed(), 1);
  if (elements.too_large() || elements.bind(ones) > defaults::max_elements)
    return "has absurdly many elements";
  return {};
}

} // namespace baton::metadata
