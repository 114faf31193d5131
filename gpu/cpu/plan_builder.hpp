#pragma once

#include <memory>
#include <string>

#include "gpu/cpu/cpu_plan.hpp"

namespace baton::gpu::cpu {

/// Builds the plan of a model at a shape for the calling thread's number of cores, searching for kernels that are not
/// known yet. Its layers are not yet measured. Throws `failure`:
/// `bad_model` naming the layer, `bad_request` for extents of zero, `out_of_memory`, `io`.
std::shared_ptr<cpu_plan> make_plan(std::shared_ptr<const metadata::model> model, std::shared_ptr<cpu_weights> weights,
                                    metadata::symbol_values symbols, std::string device_kind,
                                    std::shared_ptr<domain_memory> home, const kernel_seeker& seeker);

} // namespace baton::gpu::cpu
