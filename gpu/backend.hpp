#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gpu/device.hpp"

/// What a plugin that brings devices offers to the program. Nothing but `gpu/device.hpp` crosses it.
namespace baton::gpu {

/// How an accelerator gets at another one's memory.
enum class peer : std::uint8_t {
  unreachable, ///< only by way of the host
  over_bus,    ///< directly, over PCIe
  over_link    ///< directly, over a link of their own that can do atomic operations, as NVLink
};

/// A card that a backend found.
struct accelerator {
  std::string name;         ///< the maker's: "NVIDIA H100 80GB HBM3"
  std::string bus;          ///< where it sits: "0000:1b:00.0"
  std::string architecture; ///< "sm_90"
  std::uint32_t multiprocessors = 0;
  std::uint64_t memory = 0; ///< bytes
  std::vector<peer> peers;  ///< by accelerator; to itself: unreachable
};

/// A device of that card; number, domain and name are left to whoever counts devices.
device_description describe_gpu(const accelerator& card, std::uint32_t lanes, const machine_options& options);

class backend {
public:
  virtual ~backend() = default;
  virtual std::span<const accelerator> accelerators() const = 0;
  /// Versions of driver and libraries, for people.
  virtual std::string versions() const = 0;
  /// The memory of accelerator `index`; `choices`: where its devices keep what their searches for kernels find. Errors:
  /// `device_failed`, `out_of_memory`.
  virtual expected<std::shared_ptr<domain>> open_domain(std::uint32_t index, domain_description description,
                                                        std::shared_ptr<metadata::kernel_choices> choices) = 0;
  /// @pre `home` was opened here, of the same accelerator.
  virtual expected<std::unique_ptr<device>> open_device(std::uint32_t index, device_description description,
                                                        std::shared_ptr<domain> home) = 0;
};

/// Changes with every change of what crosses the border.
inline constexpr int backend_version = 2;

/// The plugin's only symbol, `baton_cuda_backend`. Null, and a sentence in `why`, if the version is another or there is
/// no working driver. It lives as long as the process.
using open_backend = backend* (*)(int version, std::string& why);

} // namespace baton::gpu
