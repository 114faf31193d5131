#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "metadata/error.hpp"
#include "metadata/ids.hpp"

namespace baton::gpu {

/// One device as asked for on the command line.
struct device_spec {
  std::string backend;     ///< "cpu" or "cuda"
  std::uint32_t cores = 1; ///< cpu: cores of this device
  std::uint32_t lanes = 1;
  std::string domain;       ///< cpu: the name behind '@'; empty: the host domain
  std::uint32_t number = 0; ///< cuda: of the GPU, as the driver counts
};

/// Parses `--devices`: a comma-separated list of `cpu:2` (two devices of one core in the host domain), `cpu:1x2` (one
/// device of two cores), `cpu:1@a` (in a domain of its own named a), `cuda:0` (a GPU), `cuda:0/2` (with two lanes).
/// Errors: `bad_argument` naming the item.
expected<std::vector<device_spec>> parse_devices(std::string_view text);

} // namespace baton::gpu
