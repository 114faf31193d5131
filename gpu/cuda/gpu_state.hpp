#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gpu/backend.hpp"
#include "gpu/cuda/stager.hpp"
#include "gpu/cuda/timeline.hpp"
#include "gpu/domain_memory.hpp"

namespace baton::gpu::cuda {

/// One GPU: what its domain, its devices and their plans share. Thread-safe; lives as long as any of them.
struct gpu_state {
  int number = 0;                            ///< as CUDA counts
  std::string name;                          ///< of the card
  std::vector<peer> peers;                   ///< by GPU
  std::shared_ptr<domain_memory> memory;     ///< of its domain
  std::shared_ptr<stager> up;                ///< weights come in
  std::shared_ptr<stager> down;              ///< values go out
  std::shared_ptr<timeline_table> timelines; ///< of all GPUs
  std::shared_ptr<metadata::kernel_choices> choices;

  /// Sleeps until what `t` stands for is over. Throws `values_lost` if it failed.
  void await(const ticket& t) const;
};

/// A block in a GPU's memory.
class cuda_block final : public block {
public:
  cuda_block(buffer memory, std::shared_ptr<gpu_state> home) : home_(std::move(home)), memory_(std::move(memory)) {}
  std::byte* data() override { return memory_.data(); }
  std::size_t bytes() const override { return memory_.bytes(); }
  const gpu_state& home() const { return *home_; }

private:
  std::shared_ptr<gpu_state> home_;
  buffer memory_;
};

} // namespace baton::gpu::cuda
