#include "gpu/cpu/cpu_weights.hpp"

#include <algorithm>
#include <cstring>

#include "gpu/defaults.hpp"
#include "gpu/failure.hpp"

namespace baton::gpu::cpu {

std::size_t cpu_weights::bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_;
}

std::string cpu_weights::purpose_of(const std::string& name) const {
  return "weights '" + name + "' of model '" + model_->name() + "'";
}

const std::byte* cpu_weights::plain(metadata::value_index root) {
  std::lock_guard lock(mutex_);
  if (auto found = plain_.find(root); found != plain_.end())
    return found->second.data();
  auto tensor = value_or_raise(model_->read_weight(root));
  auto memory = home_->allocate(purpose::weights, tensor.bytes(), purpose_of(model_->values()[root].name));
  std::memcpy(memory.data(), tensor.data(), tensor.bytes());
  bytes_ += memory.bytes();
  return plain_.emplace(root, std::move(memory)).first->second.data();
}

const std::byte* cpu_weights::prepared(std::uint32_t layer, weight_role role, const layout& wanted, const layout& given,
                                       const std::function<void(std::span<float>)>& fill, std::uint32_t direction) {
  std::lock_guard lock(mutex_);
  auto& copies = prepared_[{layer, role, direction}];
  for (const auto& copy : copies)
    if (copy.how == wanted)
      return copy.bytes.data();
  const auto& name = model_->layers()[layer].name;
  auto memory = home_->allocate(purpose::weights, wanted.get_size(), purpose_of(name));
  auto floats = [](const buffer& b, const layout& how) {
    return std::span(reinterpret_cast<float*>(b.data()), how.get_size() / sizeof(float));
  };
  if (wanted == given) {
    fill(floats(memory, given));
  } else {
    auto raw = home_->allocate(purpose::scratch, given.get_size(), purpose_of(name));
    fill(floats(raw, given));
    dnnl::memory from(given, cpu_engine(), raw.data());
    dnnl::memory to(wanted, cpu_engine(), memory.data());
    dnnl::stream stream(cpu_engine());
    dnnl::reorder(from, to).execute(stream, from, to);
    stream.wait();
  }
  bytes_ += memory.bytes();
  copies.push_back({wanted, std::move(memory)});
  return copies.back().bytes.data();
}

std::size_t cpu_weights::extra(std::uint32_t layer, weight_role role, const layout& wanted,
                               std::size_t plain_bytes) const {
  std::lock_guard lock(mutex_);
  const auto size = wanted.get_size();
  const auto found = prepared_.find({layer, role, 0});
  if (found == prepared_.end() || found->second.empty())
    return size > plain_bytes ? size - plain_bytes : 0;
  const auto& copies = found->second;
  return std::any_of(copies.begin(), copies.end(), [&](const auto& copy) { return copy.how == wanted; }) ? 0 : size;
}

std::size_t cpu_weights::own_bytes(number factors) const {
  return static_cast<std::size_t>(model_->weight_bytes()) * size_of(factors) / sizeof(float);
}

std::size_t cpu_weights::share_of_extra() const {
  std::lock_guard lock(mutex_);
  const auto own = own_bytes(number::f32);
  const auto share =
      static_cast<std::size_t>(defaults::weights_growth * static_cast<double>(own)) + defaults::weights_growth_least;
  const auto taken = std::max(own, bytes_);
  return share > taken ? share - taken : 0;
}

std::size_t cpu_weights::room_under_limit(number factors) const {
  std::lock_guard lock(mutex_);
  if (home_->limit() == 0)
    return SIZE_MAX;
  const auto own = own_bytes(factors);
  const auto usage = home_->usage();
  const auto used = usage.weights + usage.blocks + usage.scratch + (own > bytes_ ? own - bytes_ : 0);
  return home_->limit() > used ? (home_->limit() - used) / 2 : 0;
}

} // namespace baton::gpu::cpu
