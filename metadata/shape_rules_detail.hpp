#pragma once

#include <array>
#include <stdexcept>
#include <string>

#include "metadata/shape_rules.hpp"

/// The rules by kind. They throw `rule_violation`; `infer_shapes` is the border that turns it into a value.
namespace baton::metadata::rules {

struct rule_violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void demand(bool holds, const std::string& otherwise) {
  if (!holds)
    throw rule_violation(otherwise);
}

/// The operands of one layer, by role.
class operands {
public:
  operands(const layer_attributes& attributes, std::span<const value_shape* const> given,
           std::span<const std::string> names)
      : roles_(roles(attributes)), given_(given), names_(names) {}

  bool has(std::size_t i) const { return i < given_.size() && given_[i] != nullptr; }
  const value_shape& at(std::size_t i) const { return *given_[i]; }
  std::size_t size() const { return given_.size(); }
  /// The operand, float32 and of that rank.
  const value_shape& floats(std::size_t i, std::size_t rank) const;
  /// The operand, float32 and of at least that rank.
  const value_shape& floats_from(std::size_t i, std::size_t least_rank) const;
  /// Checks that the operand, if there, is float32 of that shape.
  void expect(std::size_t i, const dims& shape) const;
  std::string name(std::size_t i) const;
  std::string text(const dims& shape) const { return to_string(shape, names_); }
  /// Of the symbols.
  std::span<const std::string> names() const { return names_; }

private:
  std::span<const operand_role> roles_;
  std::span<const value_shape* const> given_;
  std::span<const std::string> names_;
};

/// Axis `axis` of a value of `rank`, counted in a result of `out_rank` whose last axes line up with it.
inline std::optional<std::uint32_t> lined_up(std::optional<std::uint32_t> axis, std::size_t rank,
                                             std::size_t out_rank) {
  if (!axis)
    return std::nullopt;
  return static_cast<std::uint32_t>(*axis + out_rank - rank);
}

layer_shape infer(const conv_layer& a, const operands& in);
layer_shape infer(const batch_norm_layer& a, const operands& in);
layer_shape infer(const pool_layer& a, const operands& in);
layer_shape infer(const global_average_pool_layer& a, const operands& in);
layer_shape infer(const linear_layer& a, const operands& in);
layer_shape infer(const matmul_layer& a, const operands& in);
layer_shape infer(const softmax_layer& a, const operands& in);
layer_shape infer(const gather_layer& a, const operands& in);
layer_shape infer(const transpose_layer& a, const operands& in);
layer_shape infer(const lstm_layer& a, const operands& in);
layer_shape infer(const copy_layer& a, const operands& in);
layer_shape infer(const binary_layer& a, const operands& in);
layer_shape infer(const unary_layer& a, const operands& in);
layer_shape infer(const cast_layer& a, const operands& in);
layer_shape infer(const concat_layer& a, const operands& in);
layer_shape infer(const expand_layer& a, const operands& in);
layer_shape infer(const slice_layer& a, const operands& in);
layer_shape infer(const pad_layer& a, const operands& in);
layer_shape infer(const reduce_mean_layer& a, const operands& in);
layer_shape infer(const shape_layer& a, const operands& in);
layer_shape infer(const global_max_pool_layer& a, const operands& in);
layer_shape infer(const lrn_layer& a, const operands& in);
layer_shape infer(const gru_layer& a, const operands& in);
layer_shape infer(const rnn_layer& a, const operands& in);
layer_shape infer(const all_true_layer& a, const operands& in);

} // namespace baton::metadata::rules
