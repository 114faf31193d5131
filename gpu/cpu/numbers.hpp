#pragma once

#include <vector>

#include "gpu/cpu/layout.hpp"
#include "gpu/device.hpp"

/// In which numbers a plan computes, and as which its float32 values lie in between.
namespace baton::gpu::cpu {

struct plan_numbers {
  number factors = number::f32; ///< what convolutions and products of constant weights multiply; they add in float32
  /// By root: lies as `factors` does where the layer that writes it can, since all layers that read it take it so.
  std::vector<bool> narrow;

  number of(value_index root) const { return narrow[root] ? factors : number::f32; }
};

/// `must_be_plain` by root.
plan_numbers choose_numbers(const metadata::model& model, const metadata::symbol_values& symbols, precision multiplies,
                            const std::vector<bool>& must_be_plain);

/// Whether this processor multiplies bfloat16 in hardware. What only emulates it is slower than float32.
bool has_bf16();

} // namespace baton::gpu::cpu
