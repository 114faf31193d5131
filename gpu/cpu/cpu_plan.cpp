#include "gpu/cpu/cpu_plan.hpp"

#include "gpu/cpu/cpu_copy.hpp"
#include "gpu/cpu/guard.hpp"
#include "gpu/host_copy.hpp"
#include "gpu/memory_plan.hpp"

namespace baton::gpu::cpu {

cpu_plan::cpu_plan(plan_draft draft, std::string device_kind, std::shared_ptr<domain_memory> home)
    : draft_(std::move(draft)), device_kind_(std::move(device_kind)), home_(std::move(home)) {
  for (std::size_t i = 0; i < draft_.layers.size(); ++i) {
    profile_.parts.push_back(draft_.layers[i].parts);
    profile_.part_time.emplace_back();
    profile_.own_parts.push_back(draft_.model->layers()[i].parts.bind(draft_.symbols) != draft_.layers[i].parts);
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

kernel_note cpu_plan::kernel(std::uint32_t layer) const {
  const auto& choice = draft_.kernels.by_layer.at(layer);
  if (!choice)
    return {};
  const auto time = [](double seconds) {
    return std::chrono::duration_cast<duration>(std::chrono::duration<double>(seconds));
  };
  return {choice->kernel.name == "direct" ? implementation(choice->kernel) : choice->kernel.name, time(choice->seconds),
          time(choice->direct_seconds)};
}

value_slot cpu_plan::canonical(value_index v) const {
  value_slot slot = draft_.slots[v];
  if (slot.how) {
    slot.how = plain_layout(of().shape(v, symbols()));
    slot.bytes = slot.how->get_size();
  }
  return slot;
}

expected<void> cpu_plan::read(const values_read& what, std::span<std::byte> to, const std::atomic<bool>* cancel) const {
  return guarded("reading values of domain '" + home_->name() + "'", [&] {
    if (!what.from)
      raise(errc::bad_argument, "no bindings to read from");
    single_thread alone;
    const std::byte* block = nullptr; // not there before the first layer if all inputs are external
    auto at = [&](std::size_t offset) {
      if (!block)
        block = block_of(*what.from, *this, "source");
      return block + offset;
    };
    std::size_t done = 0;
    auto room = [&](std::size_t bytes) {
      if (bytes > to.size() - done)
        raise(errc::bad_argument, "there is no room for the values");
      done += bytes;
      return to.data() + done - bytes;
    };
    for (auto v : what.values) {
      if (v >= slots().size() || !slots()[v].planned)
        raise(errc::bad_argument, "value number " + std::to_string(v) + " has no place in the plan");
      const auto& slot = slots()[v];
      const auto wanted = canonical(v);
      const auto* given =
          slot.input && *slot.input < what.from->inputs.size() ? what.from->inputs[*slot.input] : nullptr;
      copy_value(slot, given ? given : at(slot.offset), wanted, room(wanted.bytes), cancel);
    }
    if (what.state_of != metadata::none) {
      const auto bytes = layer(what.state_of).state_bytes;
      copy_bytes(room(bytes), at(state_offset(what.state_of)), bytes, cancel);
    }
  });
}

} // namespace baton::gpu::cpu
