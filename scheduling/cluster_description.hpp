#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "metadata/device_kinds.hpp"
#include "scheduling/cluster.hpp"

namespace baton::scheduling {

/// A place where memory is.
struct domain_facts {
  std::string name;         ///< NODE/host, NODE/gpu0
  std::uint32_t node = 0;   ///< among `cluster_description::nodes`
  std::uint64_t memory = 0; ///< bytes
};

/// What devices can be, as far as their speed goes: `device_facts::kind` counts these.
struct device_speed {
  const metadata::device_kind* kind = nullptr;
  std::uint32_t latency_millionths = 1'000'000; ///< what its latencies are multiplied by

  duration scaled(duration latency) const;
  friend bool operator==(const device_speed&, const device_speed&) = default;
};

/// A cluster that is not here. Domain 0 is the host of the first node, the head; each node's host is followed by its
/// GPUs.
struct cluster_description {
  std::vector<std::string> nodes;
  std::vector<domain_facts> domains; ///< by `domain_id`
  std::vector<device_speed> speeds;  ///< by `device_facts::kind`
  cluster devices;                   ///< and the links between domains
  std::vector<bool> contention;      ///< by `device_id`: what runs at once there slows each other

  const std::string& name(device_id d) const { return domains[devices.at(d).domain.value].name; }
  bool slow_each_other(device_id d) const { return devices.at(d).lanes > 1 && contention[d.value]; }
  /// 0 within a domain.
  duration copy_time(domain_id from, domain_id to, std::uint64_t bytes) const {
    return devices.copy_time(from, to, bytes);
  }
};

} // namespace baton::scheduling
