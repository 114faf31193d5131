#pragma once

#include <memory>

#include "gpu/device.hpp"

namespace baton::apps {

/// Builds the model's plan at these symbols on the first of the devices and prints it: how each layer is computed, why,
/// the time that was predicted when that was chosen, and the time measured. Errors: those of opening and building.
expected<void> report_plan(std::shared_ptr<const metadata::model> m, const metadata::symbol_values& symbols,
                           std::span<const gpu::device_spec> devices, const gpu::machine_options& options);

} // namespace baton::apps
