#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gpu/cpu/conv_kernel.hpp"
#include "gpu/cpu/cpu_weights.hpp"
#include "gpu/cpu/cut.hpp"
#include "gpu/domain_memory.hpp"
#include "metadata/kernel_choices.hpp"

namespace baton::gpu::cpu {

/// For whom kernels are searched.
struct kernel_seeker {
  std::string device; ///< processor and number of cores: what finds the same kernel the fastest
  std::shared_ptr<metadata::kernel_choices> choices;
  bool exact = false; ///< none that transforms
  precision multiplies = precision::fp32;
  cut_rule cuts;
  std::uint32_t cores = 1;
};

/// A convolution's kernel, and what was measured; times include the reorders it needs, and are of all parts together.
struct kernel_choice {
  conv_kernel kernel; ///< of one part
  cut parts;
  layout weights; ///< how all of them lie; where channels are cut, a part's are a piece
  double seconds = 0;
  double direct_seconds = 0; ///< of the best one that wants no larger weights
};

struct kernel_choices_made {
  std::vector<std::optional<kernel_choice>> by_layer;
  /// The layout in which pictures lie between layers; nothing: each lies as the layer that writes it wants.
  std::optional<dnnl::memory::format_tag> pictures;
};

/// Of each convolution with constant weights its kernel. What is not known yet is measured on the calling
/// thread, in temporary memory, with weights as cold as they are in the whole model. One layout of pictures is chosen
/// for the whole plan, blocked or with channels last: that in which the best kernels, and the reorders of those that
/// want another, take least time. A kernel of an error above `defaults::kernel_error` (in a plan in bfloat16:
/// `bf16_kernel_error`) is not used. Copies of weights that are larger than the weights must fit into the model's share
/// (`defaults::weights_growth`, `bf16_weights_growth`) and into the domain's limit; those that gain least per byte are
/// given up. Layers that `seeker.cuts` finds too long are cut: a batch into its pictures, one picture's channels where
/// a part's weights are a piece of those of the whole, so that no second copy is needed. Throws `failure`,
/// `dnnl::error`.
kernel_choices_made choose_kernels(const metadata::model& model, const metadata::symbol_values& symbols,
                                   const std::vector<bool>& must_be_plain, const plan_numbers& numbers,
                                   const cpu_weights& weights, const std::shared_ptr<domain_memory>& home,
                                   const kernel_seeker& seeker);

} // namespace baton::gpu::cpu
