#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "apps/pcie.hpp"

using namespace baton::apps;
namespace fs = std::filesystem;

namespace {

/// Two cards behind one switch, one more at the same root, one at another root of the same node, one far away.
class machine {
public:
  machine() : root_(fs::temp_directory_path() / ("baton_pcie_" + std::to_string(::getpid()))) {
    put("pci0000:17/0000:17:01.0/0000:18:00.0/0000:1a:00.0", "0");
    put("pci0000:17/0000:17:01.0/0000:18:00.0/0000:1b:00.0", "0");
    put("pci0000:17/0000:17:03.0/0000:1c:00.0", "0");
    put("pci0000:30/0000:30:01.0/0000:31:00.0", "0");
    put("pci0000:80/0000:80:01.0/0000:81:00.0", "1");
  }
  ~machine() { fs::remove_all(root_); }

  pcie_slot operator()(const std::string& bus) const { return read_pcie(bus, root_); }

private:
  void put(const std::string& path, const std::string& node) const {
    const auto folder = root_ / "devices" / path;
    fs::create_directories(folder);
    std::ofstream(folder / "numa_node") << node << '\n';
    std::ofstream(folder / "current_link_width") << "16\n";
    std::ofstream(folder / "current_link_speed") << "32.0 GT/s PCIe\n";
    fs::create_directories(root_ / "bus/pci/devices");
    fs::create_directory_symlink(folder, root_ / "bus/pci/devices" / folder.filename());
  }

  fs::path root_;
};

} // namespace

TEST_CASE("where a card sits is read as Linux tells it", "[apps]") {
  machine m;
  const auto slot = m("0000:1B:00.0");
  CHECK(slot.link == "16 x 32.0 GT/s PCIe");
  CHECK(slot.numa_node == 0);
  CHECK(slot.path.size() == 4);
  CHECK(nearest_common(slot, m("0000:1a:00.0")) == "switch");
  CHECK(nearest_common(slot, m("0000:1c:00.0")) == "root");
  CHECK(nearest_common(slot, m("0000:31:00.0")) == "NUMA node");
  CHECK(nearest_common(slot, m("0000:81:00.0")) == "system");
}

TEST_CASE("a card that Linux does not know is no error", "[apps]") {
  const auto slot = read_pcie("0000:ff:00.0", "/nowhere");
  CHECK(slot.link.empty());
  CHECK(slot.numa_node == -1);
  CHECK(nearest_common(slot, slot).empty());
}
