#pragma once

#include <memory>

#include "gpu/cpu/cpu_plan.hpp"
#include "gpu/device.hpp"

namespace baton::gpu::cpu {

/// Copies with the calling thread alone, so that it takes no cores from the devices.
class cpu_copy_engine final : public copy_engine {
public:
  explicit cpu_copy_engine(std::shared_ptr<domain_memory> into) : into_(std::move(into)) {}

  expected<std::size_t> copy(values_at from, values_at to, position at, const std::atomic<bool>* cancel) override;
  expected<std::vector<metadata::tensor>> fetch_outputs(values_at from, const std::atomic<bool>* cancel) override;

private:
  std::size_t copy_live_set(values_at from, values_at to, position at, const std::atomic<bool>* cancel);

  std::shared_ptr<domain_memory> into_;
};

} // namespace baton::gpu::cpu
