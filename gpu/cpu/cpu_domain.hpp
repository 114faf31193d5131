#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "gpu/cpu/cpu_weights.hpp"
#include "gpu/device.hpp"
#include "gpu/domain_memory.hpp"

namespace baton::gpu::cpu {

/// Host memory, or a share of it that stands for another socket's. Thread-safe.
class cpu_domain final : public domain {
public:
  explicit cpu_domain(domain_description description);

  const domain_description& description() const override { return description_; }
  expected<std::shared_ptr<weights>> load_weights(std::shared_ptr<const metadata::model> of) override;
  expected<std::shared_ptr<block>> allocate(std::size_t bytes) override;
  expected<std::unique_ptr<copy_engine>> open_copy_engine() override;
  memory_usage usage() const override { return memory_->usage(); }
  const std::shared_ptr<domain_memory>& memory() const { return memory_; }

private:
  domain_description description_;
  std::shared_ptr<domain_memory> memory_;
  std::mutex mutex_;
  std::map<const metadata::model*, std::weak_ptr<cpu_weights>> weights_;
};

} // namespace baton::gpu::cpu
