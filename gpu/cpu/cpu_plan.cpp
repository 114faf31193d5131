#include "gpu/cpu/cpu_plan.hpp"

#include "gpu/memory_plan.hpp"

namespace baton::gpu::cpu {

cpu_plan::cpu_plan(plan_draft draft, std::string device_kind, std::shared_ptr<domain_memory> home)
    : draft_(std::move(draft)), device_kind_(std::move(device_kind)), home_(std::move(home)) {
  for (const auto& layer : draft_.layers) {
    profile_.parts.push_back(layer.parts);
    profile_.part_time.emplace_back();
  }
  place_values();
}

void cpu_plan::place_values() {
  const std::vector<planned_value> values(draft_.slots.begin(), draft_.slots.end());
  std::vector<std::size_t> state_bytes;
  for (const auto& layer : draft_.layers)
    state_bytes.push_back(layer.state_bytes);
  auto places = lay_out_block(*draft_.model, values, draft_.shared, state_bytes);
  for (std::size_t v = 0; v < values.size(); ++v)
    draft_.slots[v].offset = places.values[v];
  state_offsets_ = std::move(places.states);
  block_bytes_ = places.bytes;
}

} // namespace baton::gpu::cpu
