#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gpu/cpu/cpu_weights.hpp"
#include "gpu/cpu/kernel_search.hpp"
#include "gpu/cpu/layout.hpp"
#include "gpu/cpu/numbers.hpp"
#include "gpu/cpu/step.hpp"
#include "gpu/memory_plan.hpp"
#include "metadata/model.hpp"

namespace baton::gpu::cpu {

/// One layer, built.
struct built_layer {
  std::vector<std::unique_ptr<step>> steps;
  std::uint32_t parts = 1;
  std::size_t state_bytes = 0;
};

/// A plan while it is being built.
struct plan_draft {
  std::shared_ptr<const metadata::model> model;
  std::shared_ptr<cpu_weights> weights;
  metadata::symbol_values symbols;
  std::vector<value_slot> slots;   ///< by value; those of aliases and weights stay unplanned
  std::vector<bool> must_be_plain; ///< by root: outputs, and what a layer of many parts reads
  plan_numbers numbers;
  kernel_choices_made kernels;
  kernel_seeker seeker;
  std::vector<built_layer> layers;
  /// Operands that their layer updates in place, or joins without a copy.
  std::vector<shared_place> shared;
  std::vector<bool> joined;      ///< by value: part of what was joined so, or the whole
  std::size_t scratch_bytes = 0; ///< the most that one layer needs
  std::size_t primitives = 0;    ///< slots of `bound_arguments`
};

/// What a layer kind builds its steps with. All of it throws `failure` or `dnnl::error`.
class layer_builder : public layer_view {
public:
  layer_builder(plan_draft& draft, std::uint32_t index);

  /// The convolution's kernel; null: none was chosen.
  const kernel_choice* chosen_kernel() const {
    const auto& choice = draft_.kernels.by_layer[index()];
    return choice ? &*choice : nullptr;
  }
  const kernel_seeker& seeker() const { return draft_.seeker; }

  const plan_numbers& numbers() const { return draft_.numbers; }
  /// As what output 0 should lie, of a layer that can write either.
  number result_number() const { return draft_.numbers.of(what().outputs.at(0)); }

  // -- operands ------------------------------------------------------------------------------------------------------

  /// Operand `role` as it lies, in its own extents, in float32: what lies in another type is converted.
  operand input(std::size_t role);
  /// The same in the type in which it lies.
  operand input_of_any_type(std::size_t role);
  /// Operand `role` in the plain layout, seen as `seen_as` (as many elements).
  operand plain_input(std::size_t role, extents seen_as, number type = number::f32);
  operand plain_input(std::size_t role) { return plain_input(role, input_shape(role)); }
  /// Where the plain bytes of operand `role` are, of any element type.
  place plain_place(std::size_t role);
  /// `x`, if need be reordered into scratch first.
  operand in_layout(const operand& x, const layout& wanted);
  /// Settles how output `role` lies, and where to write it. What must end plain goes through scratch, and is reordered
  /// by `finish`.
  operand output(std::size_t role, const layout& how);
  /// The same for pictures that a convolution writes, whole or in pieces: they end in the plan's layout of pictures,
  /// unless convolutions alone read them. `how` is that of a piece, and so is the operand.
  operand picture_output(const layout& how, const cut& parts);
  /// Output `role` in the plain layout, written as `seen_as`; also for int64.
  operand plain_output(std::size_t role, extents seen_as, number type = number::f32);
  operand plain_output(std::size_t role = 0) { return plain_output(role, output_shape(role)); }
  place plain_output_place(std::size_t role);
  /// Lays output `role` over operand `input_role`, if that one is a computed value that nobody reads later and lies as
  /// the output does. @pre `output(role, ..)` was called. True if so: the output then starts with the operand's values.
  bool update_in_place(std::size_t role, std::size_t input_role);
  /// Lets operand `input_role` lie in output 0 from byte `offset` on, where all its bytes belong, if it is a computed
  /// value that lies nowhere else yet. @pre `output(0, ..)` was called. True if so: it then needs no copy.
  bool lay_into_output(std::size_t input_role, std::size_t offset);
  place scratch(std::size_t bytes);
  /// The piece of `whole` that belongs to the part at hand, cut along `axis`.
  static operand piece(const operand& whole, int axis, std::uint32_t pieces);

  // -- weights -------------------------------------------------------------------------------------------------------

  /// A prepared piece of this layer; see `cpu_weights::prepared`.
  operand prepared(weight_role role, const layout& wanted, const layout& given,
                   const std::function<void(std::span<float>)>& fill, std::uint32_t direction = 0);

  // -- steps ---------------------------------------------------------------------------------------------------------

  /// For one more primitive's memory objects.
  std::size_t new_slot() { return draft_.primitives++; }
  void add(std::unique_ptr<step> s) {
    s->limit_to(range_);
    built_.steps.push_back(std::move(s));
  }
  /// Runs `primitive`, with scratch memory if it wants any.
  void add(const dnnl::primitive& primitive, const layout& scratchpad, std::vector<primitive_step::argument> arguments);
  void reorder(const operand& from, const operand& to);
  void set_parts(std::uint32_t parts, std::size_t state_bytes);
  /// Steps added from now on run in these parts only.
  void set_range(const part_range& range) { range_ = range; }
  /// To be called last.
  built_layer finish();

private:
  void claim(value_index v, std::size_t bytes, std::optional<layout> how);
  operand output(std::size_t role, const layout& how, const layout& in_the_end, const cut& parts);
  place plain_place(std::size_t role, number type);
  bool only_convolutions_read(value_index v) const;

  plan_draft& draft_;
  built_layer built_;
  std::vector<std::pair<operand, operand>> at_end_;
  std::size_t scratch_bytes_ = 0;
  part_range range_;
};

/// The activation as post-ops. Throws `failure` for those that oneDNN does not have (`erf`).
void append_activation(dnnl::post_ops& ops, const metadata::activation& act);

} // namespace baton::gpu::cpu
