#include "gpu/cuda/cuda_weights.hpp"

#include <vector>

#include "gpu/failure.hpp"

namespace baton::gpu::cuda {

std::size_t cuda_weights::bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_;
}

std::string cuda_weights::purpose_of(const std::string& name) const {
  return "weights '" + name + "' of model '" + model_->name() + "'";
}

buffer cuda_weights::upload(const std::byte* from, std::size_t bytes, const std::string& name) {
  auto memory = home_->allocate(purpose::weights, bytes, purpose_of(name));
  upload_->to_gpu(memory.data(), from, bytes);
  bytes_ += memory.bytes();
  return memory;
}

const std::byte* cuda_weights::plain(metadata::value_index root) {
  std::lock_guard lock(mutex_);
  if (auto found = plain_.find(root); found != plain_.end())
    return found->second.data();
  auto tensor = value_or_raise(model_->read_weight(root));
  auto memory = upload(tensor.data(), tensor.bytes(), model_->values()[root].name);
  return plain_.emplace(root, std::move(memory)).first->second.data();
}

const std::byte* cuda_weights::prepared(std::uint32_t layer, weight_role role, std::size_t count,
                                        const std::function<void(std::span<float>)>& fill, std::uint32_t direction) {
  std::lock_guard lock(mutex_);
  const key which{layer, role, direction};
  if (auto found = prepared_.find(which); found != prepared_.end())
    return found->second.data();
  std::vector<float> numbers(count);
  fill(numbers);
  const auto bytes = std::as_bytes(std::span(numbers));
  auto memory = upload(bytes.data(), bytes.size(), model_->layers()[layer].name);
  return prepared_.emplace(which, std::move(memory)).first->second.data();
}

} // namespace baton::gpu::cuda
