#include "gpu/cpu/cpu_domain.hpp"

#include "gpu/cpu/cpu_block.hpp"
#include "gpu/cpu/cpu_copy_engine.hpp"
#include "gpu/cpu/guard.hpp"

namespace baton::gpu::cpu {

cpu_domain::cpu_domain(domain_description description)
    : description_(std::move(description)),
      memory_(std::make_shared<domain_memory>(description_.name, description_.limit)) {}

expected<std::shared_ptr<weights>> cpu_domain::load_weights(std::shared_ptr<const metadata::model> of) {
  if (!of)
    return fail(errc::bad_argument, "domain '" + description_.name + "': no model to load weights of");
  std::lock_guard lock(mutex_);
  // A model that is alive is kept so by its weights: an address is never another model's while its entry is good.
  std::erase_if(weights_, [](const auto& entry) { return entry.second.expired(); });
  if (auto found = weights_.find(of.get()); found != weights_.end())
    if (auto loaded = found->second.lock())
      return loaded;
  auto made = std::make_shared<cpu_weights>(of, memory_);
  weights_[of.get()] = made;
  return made;
}

expected<std::shared_ptr<block>> cpu_domain::allocate(std::size_t bytes) {
  return guarded("domain '" + description_.name + "'", [&]() -> std::shared_ptr<block> {
    return std::make_shared<cpu_block>(memory_->allocate(purpose::blocks, bytes, "an activation block"));
  });
}

expected<std::unique_ptr<copy_engine>> cpu_domain::open_copy_engine() {
  return guarded("domain '" + description_.name + "'",
                 [&]() -> std::unique_ptr<copy_engine> { return std::make_unique<cpu_copy_engine>(memory_); });
}

} // namespace baton::gpu::cpu
