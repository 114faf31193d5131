#pragma once

#include <string>
#include <vector>

#include "gpu/device.hpp"

namespace CLI {
class App;
}

namespace baton::apps {

/// What the command line says of devices, the same everywhere.
struct device_options {
  std::string devices = "cpu:1";
  std::string precision = "fp32";
  std::string cuda_graphs = "measured";
  std::string store; ///< file; empty: the user's cache folder
};

/// Adds `--devices`, `--precision`, `--cuda-graphs`, `--store`, `--exact` and `--cuda-plugin`. Both live as long as
/// `command`.
void add_device_options(CLI::App& command, device_options& options, gpu::machine_options& machine);

/// Parses them and completes `machine`. The store is opened; if it was not asked for by name and cannot be had, a
/// warning says so. Errors: `bad_argument`, `io`.
expected<std::vector<gpu::device_spec>> read_devices(const device_options& options, gpu::machine_options& machine);

} // namespace baton::apps
