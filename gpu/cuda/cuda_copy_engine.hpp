#pragma once

#include <memory>
#include <string>

#include "gpu/cuda/cuda_plan.hpp"
#include "gpu/cuda/gpu_state.hpp"
#include "gpu/device.hpp"

namespace baton::gpu::cuda {

/// Copies into one GPU's memory: from another GPU over their link where there is one, from everything else through
/// pinned buffers. Calls return when the bytes are there; meanwhile the lanes go on.
class cuda_copy_engine final : public copy_engine {
public:
  /// Throws `failure`.
  cuda_copy_engine(std::string domain, std::shared_ptr<gpu_state> into);

  expected<std::size_t> copy(values_at from, values_at to, position at, const std::atomic<bool>* cancel) override;
  expected<std::vector<metadata::tensor>> fetch_outputs(values_at from, const std::atomic<bool>* cancel) override;

private:
  std::size_t copy_live_set(values_at from, values_at to, position at, const std::atomic<bool>* cancel);
  void copy_from_gpu(const cuda_plan& source, const values_at& from, const cuda_plan& target, cuda_block& block,
                     std::span<const metadata::value_index> values, position at, const std::atomic<bool>* cancel);

  std::string domain_;
  std::shared_ptr<gpu_state> into_;
  stager link_; ///< its own, so that copies of a transfer do not wait for weights
};

} // namespace baton::gpu::cuda
