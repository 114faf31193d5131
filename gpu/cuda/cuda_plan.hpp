#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gpu/cuda/gpu_state.hpp"
#include "gpu/cuda/layer_builder.hpp"
#include "gpu/device.hpp"

namespace baton::gpu::cuda {

/// Steps and places of a model at one shape. Immutable once built and measured.
class cuda_plan final : public plan {
public:
  /// @pre every layer of `draft` is built. Places the values.
  cuda_plan(plan_draft draft, std::string device_kind, std::shared_ptr<gpu_state> home);

  const metadata::model& of() const override { return *draft_.model; }
  const metadata::symbol_values& symbols() const override { return draft_.symbols; }
  const std::string& device_kind() const override { return device_kind_; }
  const metadata::plan_profile& profile() const override { return profile_; }
  std::size_t block_bytes() const override { return block_bytes_; }
  expected<void> read(const values_read& what, std::span<std::byte> to, const std::atomic<bool>* cancel) const override;

  gpu_state& home() const { return *home_; }
  const built_layer& layer(std::uint32_t index) const { return draft_.layers[index]; }
  const std::vector<planned_value>& values() const { return draft_.values; }
  /// Offset of the carried state of layer `index` in the block.
  std::size_t state_offset(std::uint32_t index) const { return state_offsets_[index]; }
  std::size_t scratch_bytes() const { return draft_.scratch_bytes; }
  std::uint64_t serial() const { return serial_; } ///< no other plan's, ever
  bool uses_graphs() const { return uses_graphs_; }

  // Only before the plan is shared.
  void set_part_time(std::uint32_t layer, duration time) { profile_.part_time[layer] = time; }
  void use_graphs(bool yes) { uses_graphs_ = yes; }

private:
  plan_draft draft_;
  std::string device_kind_;
  std::shared_ptr<gpu_state> home_;
  std::vector<std::size_t> state_offsets_;
  std::size_t block_bytes_ = 0;
  metadata::plan_profile profile_;
  const std::uint64_t serial_;
  bool uses_graphs_ = false;
};

/// Builds every layer. Throws `failure`.
std::shared_ptr<cuda_plan> make_plan(plan_draft draft, std::string device_kind, std::shared_ptr<gpu_state> home);

} // namespace baton::gpu::cuda
