#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "scheduling/link_facts.hpp"
#include "scheduling/task.hpp"

namespace baton::scheduling {

/// What decisions and hand-overs must know of a device.
struct device_facts {
  device_id id;
  domain_id domain;
  std::uint32_t kind = 0; ///< devices of one kind build equal plans
  std::uint32_t lanes = 1;
};

/// The devices there are; `devices[i].id.value == i`.
struct cluster {
  std::vector<device_facts> devices;
  /// [from domain][to domain]; none from a domain to itself. Empty: nothing is known of links.
  std::vector<std::vector<link_facts>> links;

  const device_facts& at(device_id d) const { return devices[d.value]; }
  /// Whether every device can go on with what another has begun, also inside a layer that a plan has cut.
  bool of_one_kind() const {
    return std::all_of(devices.begin(), devices.end(), [&](const auto& d) { return d.kind == devices.front().kind; });
  }
  bool has(device_id d) const { return d.value < devices.size(); }
  /// Of a copy that has the link to itself; 0 within a domain, and where nothing is known.
  duration copy_time(domain_id from, domain_id to, std::uint64_t bytes) const {
    if (from == to || from.value >= links.size() || to.value >= links.size())
      return {};
    const auto& link = links[from.value][to.value];
    return link.bandwidth == 0 ? duration{} : link.copy_time(bytes);
  }
  /// Whether a task can go from `a` to `b` by a handle alone.
  bool direct(device_id a, device_id b) const { return at(a).domain == at(b).domain && at(a).kind == at(b).kind; }
};

template <class I>
auto inspect(I& f, device_facts& x) {
  return f(x.id, x.domain, x.kind, x.lanes);
}
template <class I>
auto inspect(I& f, cluster& x) {
  return f(x.devices, x.links);
}

} // namespace baton::scheduling
