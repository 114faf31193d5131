#include "gpu/cpu/cpu_copy_engine.hpp"

#include <string>

#include "gpu/cpu/cpu_copy.hpp"
#include "gpu/cpu/guard.hpp"
#include "gpu/host_copy.hpp"
#include "gpu/plan_check.hpp"

namespace baton::gpu::cpu {

std::size_t cpu_copy_engine::copy_live_set(values_at from, values_at to, position at, const std::atomic<bool>* cancel) {
  const auto* target = as_cpu_plan(to.plan);
  if (!target || target->home() != into_.get())
    raise(errc::bad_argument, "copy: the target is not in domain '" + into_->name() + "'");
  check_copy(from, to);
  check_position(*target, at);
  auto* block = block_of(*to.data, *target, "target");
  single_thread alone;
  std::size_t copied = 0;
  std::vector<value_index> in_block;
  for (auto v : target->of().live_values(at)) {
    const auto& slot = target->slots()[v];
    if (external_input(to, v))
      continue;
    copied += slot.bytes;
    if (const auto* given = external_input(from, v))
      copy_value(target->canonical(v), given, slot, block + slot.offset, cancel);
    else
      in_block.push_back(v);
  }
  const auto state = at.part > 0 ? target->layer(at.layer).state_bytes : 0;
  copied += state;
  if (in_block.empty() && state == 0)
    return copied;
  const auto copy_state = [&](const std::byte* bytes) {
    if (state > 0)
      copy_bytes(block + target->state_offset(at.layer), bytes, state, cancel);
  };
  if (const auto* source = as_cpu_plan(from.plan)) {
    const auto* there = block_of(*from.data, *source, "source");
    for (auto v : in_block) {
      const auto& a = source->slots()[v];
      const auto& b = target->slots()[v];
      copy_value(a, there + a.offset, b, block + b.offset, cancel);
    }
    copy_state(state > 0 ? there + source->state_offset(at.layer) : nullptr);
    return copied;
  }
  const host_values values(from, in_block, at, cancel);
  std::size_t i = 0;
  for (auto v : in_block) {
    const auto& slot = target->slots()[v];
    copy_value(target->canonical(v), values.of(i++).data(), slot, block + slot.offset, cancel);
  }
  copy_state(state > 0 ? values.of(i).data() : nullptr);
  return copied;
}

expected<std::size_t> cpu_copy_engine::copy(values_at from, values_at to, position at,
                                            const std::atomic<bool>* cancel) {
  return guarded("copy into domain '" + into_->name() + "'", [&] { return copy_live_set(from, to, at, cancel); });
}

expected<std::vector<metadata::tensor>> cpu_copy_engine::fetch_outputs(values_at from,
                                                                       const std::atomic<bool>* cancel) {
  return guarded("fetching outputs", [&] { return read_outputs(from, cancel); });
}

} // namespace baton::gpu::cpu
