#include "apps/pcie.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <system_error>

namespace baton::apps {
namespace {

std::string first_line(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

} // namespace

pcie_slot read_pcie(const std::string& bus, const std::filesystem::path& sysfs) {
  auto name = bus;
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  const auto folder = sysfs / "bus/pci/devices" / name;
  pcie_slot slot;
  const auto width = first_line(folder / "current_link_width");
  const auto speed = first_line(folder / "current_link_speed");
  if (!width.empty() && width != "0" && !speed.empty())
    slot.link = width + " x " + speed;
  if (std::ifstream in(folder / "numa_node"); !(in >> slot.numa_node))
    slot.numa_node = -1;
  std::error_code problem;
  const auto real = std::filesystem::canonical(folder, problem);
  auto inside = false;
  for (const auto& part : real) {
    inside = inside || part.string().starts_with("pci");
    if (inside)
      slot.path.push_back(part.string());
  }
  return slot;
}

std::string nearest_common(const pcie_slot& a, const pcie_slot& b) {
  if (a.path.empty() || b.path.empty())
    return "";
  const auto [end, other] = std::mismatch(a.path.begin(), a.path.end(), b.path.begin(), b.path.end());
  const auto shared = end - a.path.begin();
  if (shared > 1)
    return "switch";
  if (shared == 1)
    return "root";
  return a.numa_node >= 0 && a.numa_node == b.numa_node ? "NUMA node" : "system";
}

} // namespace baton::apps
