#include "actors/context.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace baton::actors {

namespace {

/// The decisions' view of the machine: device kinds become numbers in order of appearance.
scheduling::cluster facts(std::span<const gpu::device_description> devices) {
  scheduling::cluster c;
  std::vector<std::string> kinds;
  for (const auto& d : devices) {
    auto k = std::find(kinds.begin(), kinds.end(), d.kind);
    auto number = static_cast<std::uint32_t>(k - kinds.begin());
    if (k == kinds.end())
      kinds.push_back(d.kind);
    c.devices.push_back({d.id, d.domain, number, d.lanes});
  }
  return c;
}

} // namespace

context::context(std::unique_ptr<gpu::machine> m, std::size_t max_open_requests, std::size_t max_open_bytes)
    : machine(std::move(m)), devices(std::make_shared<scheduling::cluster>(facts(machine->devices()))),
      gate(max_open_requests, max_open_bytes), board(machine->devices().size()), meters(machine->devices().size()) {
  for (const auto& d : machine->domains())
    registries.push_back(std::make_unique<registry>(d));
}

expected<std::unique_ptr<gpu::device>> context::open_device(metadata::device_id d) {
  std::lock_guard guard(opening_);
  return machine->open(d);
}

} // namespace baton::actors
