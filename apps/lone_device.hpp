#pragma once

#include <memory>
#include <span>

#include "gpu/device.hpp"

namespace baton::apps {

/// A model on the first of some devices, without actors: for commands that look at devices themselves. To be used by
/// the thread that opened it.
struct lone_device {
  std::unique_ptr<gpu::machine> machine;
  std::unique_ptr<gpu::device> device;
  std::shared_ptr<gpu::weights> weights;
  std::shared_ptr<const gpu::plan> plan;

  gpu::domain& home() const { return *machine->domains()[device->description().domain.value]; }
  /// Errors: those of the device, `out_of_memory`.
  expected<std::vector<metadata::tensor>> run(std::span<const metadata::tensor> inputs) const;
};

/// Builds the model's plan at these symbols. Errors: those of opening and building.
expected<lone_device> open_lone_device(std::shared_ptr<const metadata::model> m, const metadata::symbol_values& symbols,
                                       std::span<const gpu::device_spec> devices, const gpu::machine_options& options);

} // namespace baton::apps
