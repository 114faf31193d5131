#pragma once

#include <memory>
#include <optional>

#include "gpu/cpu/conv_kernel.hpp"
#include "gpu/cpu/step.hpp"

namespace baton::gpu::cpu {

/// Where a kernel's operands are, in the layouts that it wants.
struct conv_places {
  place source;
  place weights;
  std::optional<place> bias;
  place target;
  place scratch;
};

/// Runs the kernel. `slot`: of the memory objects of a primitive. Throws `failure`, `dnnl::error`.
std::unique_ptr<step> make_step(const conv_kernel& k, const conv_places& at, std::size_t slot);

} // namespace baton::gpu::cpu
