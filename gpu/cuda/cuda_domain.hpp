#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "gpu/cuda/cuda_weights.hpp"
#include "gpu/cuda/gpu_state.hpp"
#include "gpu/device.hpp"

namespace baton::gpu::cuda {

/// The memory of one GPU. Thread-safe.
class cuda_domain final : public domain {
public:
  cuda_domain(domain_description description, std::shared_ptr<gpu_state> gpu)
      : description_(std::move(description)), gpu_(std::move(gpu)) {}

  const domain_description& description() const override { return description_; }
  expected<std::shared_ptr<weights>> load_weights(std::shared_ptr<const metadata::model> of) override;
  expected<std::shared_ptr<block>> allocate(std::size_t bytes) override;
  expected<std::unique_ptr<copy_engine>> open_copy_engine() override;
  memory_usage usage() const override { return gpu_->memory->usage(); }
  const std::shared_ptr<gpu_state>& gpu() const { return gpu_; }

private:
  domain_description description_;
  std::shared_ptr<gpu_state> gpu_;
  std::mutex mutex_;
  std::map<const metadata::model*, std::weak_ptr<cuda_weights>> weights_;
};

/// `cudaMalloc` of one GPU.
class gpu_memory final : public memory_source {
public:
  explicit gpu_memory(int gpu) : gpu_(gpu) {}
  std::byte* take(std::size_t bytes) override;
  void give_back(std::byte* data) noexcept override;

private:
  int gpu_;
};

} // namespace baton::gpu::cuda
