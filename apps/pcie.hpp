#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace baton::apps {

/// Where a device sits, as Linux tells.
struct pcie_slot {
  std::string link;   ///< "16 x 32.0 GT/s PCIe", of what card and slot agreed on; empty: not told
  int numa_node = -1; ///< -1: not told
  std::vector<std::string>
      path; ///< root, bridges, the device: "pci0000:17", "0000:17:01.0", "0000:1b:00.0"; may be empty
};

/// Of the device at `bus`, as in "0000:1B:00.0". What is not told stays empty.
pcie_slot read_pcie(const std::string& bus, const std::filesystem::path& sysfs = "/sys");

/// What two devices share, the nearest: "switch", "root", "NUMA node", "system"; empty if that is not told.
std::string nearest_common(const pcie_slot& a, const pcie_slot& b);

} // namespace baton::apps
