#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gpu/cpu/layer_builder.hpp"
#include "gpu/device.hpp"

namespace baton::gpu::cpu {

/// Steps and places of a model at one shape. Immutable once built and measured; any number of devices of its kind run
/// it at the same time, each with an `execution` of its own.
class cpu_plan final : public plan, public std::enable_shared_from_this<cpu_plan> {
public:
  /// @pre every layer of `draft` is built. Places the values.
  cpu_plan(plan_draft draft, std::string device_kind, std::shared_ptr<domain_memory> home);

  const metadata::model& of() const override { return *draft_.model; }
  const metadata::symbol_values& symbols() const override { return draft_.symbols; }
  const std::string& device_kind() const override { return device_kind_; }
  const metadata::plan_profile& profile() const override { return profile_; }
  kernel_note kernel(std::uint32_t layer) const override;
  std::size_t block_bytes() const override { return block_bytes_; }
  expected<void> read(const values_read& what, std::span<std::byte> to, const std::atomic<bool>* cancel) const override;

  const domain_memory* home() const { return home_.get(); }
  const built_layer& layer(std::uint32_t index) const { return draft_.layers[index]; }
  const std::vector<value_slot>& slots() const { return draft_.slots; }
  /// Value `v` as it lies between device kinds.
  value_slot canonical(value_index v) const;
  /// Offset of the carried state of layer `index` in the block.
  std::size_t state_offset(std::uint32_t index) const { return state_offsets_[index]; }
  std::size_t scratch_bytes() const { return draft_.scratch_bytes; }
  std::size_t primitives() const { return draft_.primitives; }
  /// Only before the plan is shared.
  void set_part_time(std::uint32_t layer, duration time) { profile_.part_time[layer] = time; }

private:
  void place_values();

  plan_draft draft_;
  std::string device_kind_;
  std::shared_ptr<domain_memory> home_;
  std::vector<std::size_t> state_offsets_;
  std::size_t block_bytes_ = 0;
  metadata::plan_profile profile_;
};

/// The plan behind the interface, or null if it is not one of ours.
inline const cpu_plan* as_cpu_plan(const plan* p) {
  return dynamic_cast<const cpu_plan*>(p);
}

} // namespace baton::gpu::cpu
