#include "gpu/cuda/cuda_domain.hpp"

#include "gpu/cuda/cuda_copy_engine.hpp"
#include "gpu/cuda/current_gpu.hpp"
#include "gpu/cuda/guard.hpp"

namespace baton::gpu::cuda {

expected<std::shared_ptr<weights>> cuda_domain::load_weights(std::shared_ptr<const metadata::model> of) {
  if (!of)
    return fail(errc::bad_argument, "domain '" + description_.name + "': no model to load weights of");
  std::lock_guard lock(mutex_);
  // A model that is alive is kept so by its weights: an address is never another model's while its entry is good.
  std::erase_if(weights_, [](const auto& entry) { return entry.second.expired(); });
  if (auto found = weights_.find(of.get()); found != weights_.end())
    if (auto loaded = found->second.lock())
      return loaded;
  auto made = std::make_shared<cuda_weights>(of, gpu_->memory, gpu_->up);
  weights_[of.get()] = made;
  return made;
}

expected<std::shared_ptr<block>> cuda_domain::allocate(std::size_t bytes) {
  return guarded("domain '" + description_.name + "'", [&]() -> std::shared_ptr<block> {
    return std::make_shared<cuda_block>(gpu_->memory->allocate(purpose::blocks, bytes, "an activation block"), gpu_);
  });
}

expected<std::unique_ptr<copy_engine>> cuda_domain::open_copy_engine() {
  return guarded("domain '" + description_.name + "'", [&]() -> std::unique_ptr<copy_engine> {
    return std::make_unique<cuda_copy_engine>(description_.name, gpu_);
  });
}

std::byte* gpu_memory::take(std::size_t bytes) {
  current_gpu here(gpu_);
  void* data = nullptr;
  auto result = cudaMalloc(&data, bytes);
  if (result == cudaErrorMemoryAllocation) {
    (void)cudaGetLastError();
    return nullptr;
  }
  check(result, "cudaMalloc");
  return static_cast<std::byte*>(data);
}

void gpu_memory::give_back(std::byte* data) noexcept {
  current_gpu_quietly here(gpu_);
  (void)cudaFree(data);
}

} // namespace baton::gpu::cuda
