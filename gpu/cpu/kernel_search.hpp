#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gpu/cpu/convolution.hpp"
#include "gpu/cpu/cpu_weights.hpp"
#include "gpu/domain_memory.hpp"
#include "metadata/kernel_choices.hpp"

namespace baton::gpu::cpu {

/// For whom kernels are searched.
struct kernel_seeker {
  std::string device; ///< processor and number of cores: what finds the same kernel the fastest
  std::shared_ptr<metadata::kernel_choices> choices;
  bool exact = false; ///< direct kernels only: no search
};

/// A convolution's kernel that was found to be faster than the direct one, and what was measured.
struct kernel_choice {
  conv_kernel kernel;
  double seconds = 0;
  double direct_seconds = 0;
};

/// By layer: the kernel to use instead of the direct one, where there is a better one. What is not known yet is measured on
/// the calling thread, in temporary memory: each kernel with the reorders that it needs between neighbours in the direct
/// kernels' layouts, its weights as cold as they are in the whole model. A kernel of an error above
/// `defaults::kernel_error` is not used. Copies of weights that are larger than the weights must fit into the model's
/// share (`defaults::weights_growth`) and into the domain's limit; those that gain least per byte are given up.
/// Throws `failure`, `dnnl::error`.
std::vector<std::optional<kernel_choice>> choose_kernels(const metadata::model& model,
                                                         const metadata::symbol_values& symbols,
                                                         const std::vector<bool>& must_be_plain,
                                                         const cpu_weights& weights,
                                                         const std::shared_ptr<domain_memory>& home,
                                                         const kernel_seeker& seeker);

} // namespace baton::gpu::cpu
