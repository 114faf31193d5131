#pragma once

#include <utility>

#include "gpu/device.hpp"
#include "gpu/domain_memory.hpp"

namespace baton::gpu::cpu {

/// A block in host memory.
class cpu_block final : public block {
public:
  explicit cpu_block(buffer memory) : memory_(std::move(memory)) {}
  std::byte* data() override { return memory_.data(); }
  std::size_t bytes() const override { return memory_.bytes(); }
  const domain_memory* home() const { return memory_.home(); }

private:
  buffer memory_;
};

} // namespace baton::gpu::cpu
