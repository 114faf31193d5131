#include <algorithm>

#include "metadata/importer/fusion.hpp"
#include "metadata/weight.hpp"

namespace baton::metadata::importer {

namespace {

/// Nothing if it is no constant of float32, or cannot be read: whoever needs it says so.
std::optional<std::vector<float>> numbers_of(const value& v) {
  if (v.origin != value_origin::weight || v.type != element_type::float32)
    return std::nullopt;
  const auto read = read_weight(v);
  if (!read)
    return std::nullopt;
  return std::vector<float>(read->as<float>().begin(), read->as<float>().end());
}

/// The numbers of constant `v`, one per channel of `x`, if they are applied so by broadcasting.
std::optional<std::vector<float>> per_channel(const rewriter& r, value_index v, value_index x) {
  const auto& shape = r[v].shape;
  const auto& of = r[x].shape;
  const auto channels = of.size() < 2 ? std::nullopt : of[1].constant();
  if (!channels || shape.size() > of.size())
    return std::nullopt;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const auto axis = of.size() - shape.size() + i;
    if (shape[i] != dim(1) && (axis != 1 || shape[i] != of[1]))
      return std::nullopt;
  }
  auto numbers = numbers_of(r[r.root(v)]);
  if (numbers && numbers->size() == 1)
    numbers->assign(static_cast<std::size_t>(*channels), numbers->front());
  return numbers;
}

/// What a batch norm's scale and bias are when its result is multiplied or added to.
struct affine {
  std::vector<float> scale;
  std::vector<float> bias;
};

std::optional<affine> scale_and_bias(const rewriter& r, const layer& norm) {
  auto scale = numbers_of(r[r.root(norm.inputs[1])]);
  auto bias = numbers_of(r[r.root(norm.inputs[2])]);
  if (!scale || !bias)
    return std::nullopt;
  return affine{std::move(*scale), std::move(*bias)};
}

void apply(affine& to, binary_layer::kind op, const std::vector<float>& numbers) {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (op == binary_layer::kind::add) {
      to.bias[i] += numbers[i];
    } else {
      to.scale[i] *= numbers[i];
      to.bias[i] *= numbers[i];
    }
  }
}

} // namespace

void fold_scale_and_shift(model::parts& p) {
  rewriter r(p);
  for (std::uint32_t l = 0; l < r.layers(); ++l) {
    const auto* binary = std::get_if<binary_layer>(&r.at(l).attributes);
    if (binary == nullptr || binary->act != activation::none
        || (binary->op != binary_layer::kind::add && binary->op != binary_layer::kind::multiply))
      continue;
    for (const auto side : {0U, 1U}) {
      const auto x = r.at(l).inputs[side];
      const auto producer = r.sole_writer(x);
      if (!producer || !r.is_direct(x) || r[x].shape != r[r.at(l).outputs[0]].shape)
        continue;
      const auto* norm = std::get_if<batch_norm_layer>(&r.at(*producer).attributes);
      if (norm == nullptr || norm->act != activation::none)
        continue;
      const auto numbers = per_channel(r, r.at(l).inputs[1 - side], x);
      auto both = scale_and_bias(r, r.at(*producer));
      if (!numbers || !both)
        continue;
      apply(*both, binary->op, *numbers);
      const auto name = r.at(*producer).name;
      const auto scale = r.add_constant(name + "/scale", both->scale);
      const auto bias = r.add_constant(name + "/bias", both->bias);
      r.at(*producer).inputs[1] = scale;
      r.at(*producer).inputs[2] = bias;
      r.take_over(*producer, l);
      break;
    }
  }
}

} // namespace baton::metadata::importer
