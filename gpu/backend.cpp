#include "gpu/backend.hpp"

namespace baton::gpu {

device_description describe_gpu(const accelerator& card, std::uint32_t lanes, const machine_options& options) {
  return {.kind = "cuda/" + card.name + (options.multiplies == precision::tf32 ? "/tf32" : ""),
          .detail = card.name + " (" + card.architecture + ", " + std::to_string(card.multiprocessors) + " SMs, "
                    + std::to_string(card.memory >> 20) + " MiB) at " + card.bus,
          .lanes = lanes,
          .urgent_lanes = 1,
          .is_inline = false,
          .multiplies = options.multiplies,
          .graphs = options.graphs};
}

} // namespace baton::gpu
