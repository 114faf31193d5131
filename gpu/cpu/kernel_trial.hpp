#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "gpu/cpu/conv_kernel.hpp"
#include "gpu/domain_memory.hpp"

namespace baton::gpu::cpu {

/// What a kernel did in a trial.
struct trial_result {
  double seconds = 0;     ///< least
  double error = 0;       ///< root mean square of the difference to the first kernel's result, over that result's own
  bool had_memory = true; ///< else it was not run
};

/// Runs all `kernels` of a convolution on random pictures with its real weights, on the calling thread's cores.
/// `model_bytes`: weights of the whole model, which pass through the caches between two runs of one layer.
/// Throws `failure` (`out_of_memory`: not even the first can be run), `dnnl::error`.
std::vector<trial_result> try_kernels(const layer_view& of, const convolution& c,
                                      const std::vector<conv_kernel>& kernels, std::size_t model_bytes,
                                      const std::shared_ptr<domain_memory>& home);

/// Least seconds of bringing pictures from one layout to another. Throws as above.
double time_reorder(const layout& from, const layout& to, const std::shared_ptr<domain_memory>& home);

} // namespace baton::gpu::cpu
