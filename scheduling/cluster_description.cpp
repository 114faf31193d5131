#include "scheduling/cluster_description.hpp"

#include "metadata/rate.hpp"

namespace baton::scheduling {

duration link_facts::copy_time(std::uint64_t bytes) const {
  return metadata::to_duration(metadata::wide{latency.count()} + metadata::time_of(bytes, bandwidth).count());
}

duration device_speed::scaled(duration latency) const {
  return metadata::to_duration(metadata::wide{latency.count()} * latency_millionths / 1'000'000);
}

} // namespace baton::scheduling
