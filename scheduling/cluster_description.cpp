#include "scheduling/cluster_description.hpp"

#include "metadata/rate.hpp"

namespace baton::scheduling {

duration link_facts::copy_time(std::uint64_t bytes) const {
  return metadata::to_duration(metadata::wide{latency.count()} + metadata::time_of(bytes, bandwidth).count());
}

duration device_speed::scaled(duration latency) const {
  return metadata::to_duration(metadata::wide{latency.count()} * latency_millionths / 1'000'000);
}

duration cluster_description::copy_time(domain_id from, domain_id to, std::uint64_t bytes) const {
  return from == to ? duration::zero() : links[from.value][to.value].copy_time(bytes);
}

} // namespace baton::scheduling
