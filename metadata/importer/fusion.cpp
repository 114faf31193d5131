#include "metadata/importer/fusion.hpp"

#include <algorithm>

#include "metadata/shape_rules.hpp"

namespace baton::metadata::importer {

namespace {

/// Whether other layers can apply it last. The rest are mathematics, not activations; a device need not fuse them.
bool is_activation(function f) {
  return f >= function::relu && f <= function::gelu_tanh;
}

bool is_sum(const layer& l) {
  const auto* a = std::get_if<binary_layer>(&l.attributes);
  return a != nullptr && a->op == binary_layer::kind::add;
}

activation* activation_of(layer_attributes& attributes) {
  if (auto* a = std::get_if<conv_layer>(&attributes))
    return &a->act;
  if (auto* a = std::get_if<batch_norm_layer>(&attributes))
    return &a->act;
  if (auto* a = std::get_if<linear_layer>(&attributes))
    return &a->act;
  if (auto* a = std::get_if<binary_layer>(&attributes))
    return &a->act;
  return nullptr;
}

/// Whether `first`, then `second` is what a layer with this activation can do: nothing before it, or relu twice.
bool follows(const layer& l, const activation& first, const activation& second) {
  if (std::holds_alternative<batch_norm_layer>(l.attributes) && second != activation::relu)
    return false;
  return first == activation::none || (first == activation::relu && second == first);
}

/// A convolution that can take a residual: nothing has been applied after its batch norm.
bool takes_residual(layer& l) {
  const auto* a = std::get_if<conv_layer>(&l.attributes);
  return a != nullptr && a->act == activation::none && (l.inputs.size() < 4 || l.inputs[3] == none);
}

} // namespace

void fuse_bias(model::parts& p) {
  rewriter r(p);
  for (std::uint32_t l = 0; l < r.layers(); ++l) {
    const auto& sum = r.at(l);
    if (!is_sum(sum) || std::get<binary_layer>(sum.attributes).act != activation::none)
      continue;
    for (const auto side : {0U, 1U}) {
      const auto x = sum.inputs[side];
      const auto b = sum.inputs[1 - side];
      const auto producer = r.sole_writer(x);
      if (!producer || !r.is_direct(x) || r[b].origin != value_origin::weight)
        continue;
      auto& product = r.at(*producer);
      auto* linear = std::get_if<linear_layer>(&product.attributes);
      if (linear == nullptr || product.inputs[2] != none || r[sum.outputs[0]].shape != r[x].shape)
        continue;
      product.inputs[2] = b;
      linear->beta = 1.0F;
      r.take_over(*producer, l);
      break;
    }
  }
}

void fuse_batch_norm(model::parts& p) {
  rewriter r(p);
  for (std::uint32_t l = 0; l < r.layers(); ++l) {
    const auto& norm = r.at(l);
    const auto* attributes = std::get_if<batch_norm_layer>(&norm.attributes);
    if (attributes == nullptr)
      continue;
    const auto x = norm.inputs[0];
    const auto producer = r.sole_writer(x);
    if (!producer)
      continue;
    auto& l_conv = r.at(*producer);
    auto* conv = std::get_if<conv_layer>(&l_conv.attributes);
    if (conv == nullptr)
      continue;
    // Through a view only where the channels stay in place, as they do around a 1-d convolution.
    const auto& y = r[l_conv.outputs[0]].shape;
    const auto is_weight = [&](value_index v) { return v == none || r[v].origin == value_origin::weight; };
    const auto foldable = std::all_of(norm.inputs.begin() + 1, norm.inputs.end(), is_weight)
                          && is_weight(l_conv.inputs[1]) && is_weight(l_conv.inputs[2]);
    const auto same_channels = r[x].shape.size() >= 2 && r[x].shape[0] == y[0] && r[x].shape[1] == y[1];
    if (!foldable || conv->has_batch_norm || conv->act != activation::none || l_conv.inputs[3] != none
        || !same_channels)
      continue;
    conv->has_batch_norm = true;
    conv->epsilon = attributes->epsilon;
    l_conv.inputs.insert(l_conv.inputs.end(), norm.inputs.begin() + 1, norm.inputs.end());
    r.take_over(*producer, l);
  }
}

void fuse_residual(model::parts& p) {
  rewriter r(p);
  for (std::uint32_t l = 0; l < r.layers(); ++l) {
    const auto sum = r.at(l);
    if (!is_sum(sum) || std::get<binary_layer>(sum.attributes).act != activation::none)
      continue;
    std::optional<std::uint32_t> chosen;
    value_index residual = none;
    for (const auto side : {0U, 1U}) {
      const auto x = sum.inputs[side];
      const auto other = sum.inputs[1 - side];
      const auto producer = r.sole_writer(x);
      if (!producer || !r.is_direct(x) || !takes_residual(r.at(*producer)) || r[other].shape != r[x].shape
          || r[other].origin == value_origin::weight)
        continue;
      if (!chosen || *producer > *chosen) {
        chosen = producer;
        residual = other;
      }
    }
    if (!chosen)
      continue;
    r.at(*chosen).inputs[3] = residual;
    r.move_and_take_over(*chosen, l);
  }
}

void fuse_activation(model::parts& p) {
  rewriter r(p);
  for (std::uint32_t l = 0; l < r.layers(); ++l) {
    const auto* alone = std::get_if<unary_layer>(&r.at(l).attributes);
    if (alone == nullptr || !is_activation(alone->f.what))
      continue;
    const auto x = r.at(l).inputs[0];
    const auto producer = r.sole_writer(x);
    if (!producer || r[x].type != element_type::float32)
      continue;
    auto* act = activation_of(r.at(*producer).attributes);
    if (act == nullptr || !follows(r.at(*producer), *act, alone->f))
      continue;
    *act = alone->f;
    r.take_over(*producer, l);
  }
}

void fuse(model::parts& p) {
  fuse_bias(p);
  fold_scale_and_shift(p);
  fuse_batch_norm(p);
  fuse_residual(p);
  fuse_activation(p);
}

} // namespace baton::metadata::importer
