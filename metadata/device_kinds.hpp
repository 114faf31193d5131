#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "metadata/error.hpp"
#include "metadata/ids.hpp"

namespace baton::metadata {

/// What the vendor says of a kind of device, and the little that it does not say. Rates are peaks.
struct device_kind {
  std::string_view name;       ///< "GTX 1080 Ti"
  std::string_view card;       ///< which of those sold under that name
  std::uint64_t fp32 = 0;      ///< FLOP/s in float32, a multiply-add counts two
  std::uint64_t tf32 = 0;      ///< FLOP/s of matrix units in TF32, without sparsity; 0: it has none
  std::uint64_t bandwidth = 0; ///< of its memory, bytes/s
  std::uint64_t memory = 0;    ///< bytes
  std::uint32_t multiprocessors = 0;
  std::uint32_t pcie_generation = 0;
  std::uint32_t pcie_lanes = 0;
  std::uint64_t nvlink = 0; ///< to all its peers together, bytes/s in each direction; 0: it has none
  duration launch{};        ///< what the shortest kernel takes
  std::string_view source;  ///< data sheet of the numbers above, and its year

  /// What a copy between pinned host memory and the device attains, bytes/s in each direction.
  std::uint64_t host_bandwidth() const;
};

std::span<const device_kind> device_kinds();

/// By name; case, blanks, hyphens and the words NVIDIA, GeForce and Tesla ahead of it do not matter.
/// Errors: `not_found`, listing those there are.
expected<const device_kind*> find_device_kind(std::string_view name);

} // namespace baton::metadata
