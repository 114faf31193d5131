#include "gpu/cuda/cuda_copy_engine.hpp"

#include "gpu/cuda/guard.hpp"
#include "gpu/host_copy.hpp"
#include "gpu/plan_check.hpp"

namespace baton::gpu::cuda {

cuda_copy_engine::cuda_copy_engine(std::string domain, std::shared_ptr<gpu_state> into)
    : domain_(std::move(domain)), into_(std::move(into)), link_(into_->number) {}

std::size_t cuda_copy_engine::copy_live_set(values_at from, values_at to, position at,
                                            const std::atomic<bool>* cancel) {
  const auto* target = dynamic_cast<const cuda_plan*>(to.plan);
  if (!target || !to.data || &target->home() != into_.get())
    raise(errc::bad_argument, "copy: the target is not in domain '" + domain_ + "'");
  check_copy(from, to);
  check_position(*target, at);
  auto* block = dynamic_cast<cuda_block*>(to.data->activations.get());
  if (!block || &block->home() != into_.get() || block->bytes() < target->block_bytes())
    raise(errc::bad_argument, "copy: the target has no block of its plan's domain and size");

  std::size_t copied = 0;
  std::vector<metadata::value_index> in_block;
  for (auto v : target->of().live_values(at)) {
    const auto& slot = target->values()[v];
    if (const auto* given = external_input(from, v)) {
      link_.to_gpu(block->data() + slot.offset, given, slot.bytes, cancel);
      copied += slot.bytes;
    } else {
      in_block.push_back(v);
    }
  }
  const auto state = at.part > 0 ? target->layer(at.layer).state_bytes : 0;
  if (in_block.empty() && state == 0)
    return copied;
  for (auto v : in_block)
    copied += target->values()[v].bytes;
  copied += state;

  const auto* source = dynamic_cast<const cuda_plan*>(from.plan);
  if (source
      && (source->home().number == into_->number || into_->peers.at(source->home().number) != peer::unreachable)) {
    copy_from_gpu(*source, from, *target, *block, in_block, at, cancel);
    return copied;
  }
  // By way of the host: another kind of device, or a card without a link to this one.
  const host_values values(from, in_block, at, cancel);
  std::size_t i = 0;
  for (auto v : in_block)
    link_.to_gpu(block->data() + target->values()[v].offset, values.of(i++).data(), target->values()[v].bytes, cancel);
  if (state > 0)
    link_.to_gpu(block->data() + target->state_offset(at.layer), values.of(i).data(), state, cancel);
  return copied;
}

void cuda_copy_engine::copy_from_gpu(const cuda_plan& source, const values_at& from, const cuda_plan& target,
                                     cuda_block& block, std::span<const metadata::value_index> values, position at,
                                     const std::atomic<bool>* cancel) {
  auto* there = dynamic_cast<cuda_block*>(from.data->activations.get());
  if (!there || &there->home() != &source.home() || there->bytes() < source.block_bytes())
    raise(errc::bad_argument, "copy: the source has no block of its plan's domain and size");
  source.home().await(from.ready);
  auto copy = [&](std::size_t to_offset, std::size_t from_offset, std::size_t bytes) {
    link_.from_peer(block.data() + to_offset, there->data() + from_offset, source.home().number, bytes, cancel);
  };
  for (auto v : values)
    copy(target.values()[v].offset, source.values()[v].offset, target.values()[v].bytes);
  if (at.part > 0)
    copy(target.state_offset(at.layer), source.state_offset(at.layer), target.layer(at.layer).state_bytes);
}

expected<std::size_t> cuda_copy_engine::copy(values_at from, values_at to, position at,
                                             const std::atomic<bool>* cancel) {
  return guarded("copy into domain '" + domain_ + "'", [&] { return copy_live_set(from, to, at, cancel); });
}

expected<std::vector<metadata::tensor>> cuda_copy_engine::fetch_outputs(values_at from,
                                                                        const std::atomic<bool>* cancel) {
  return guarded("fetching outputs", [&] { return read_outputs(from, cancel); });
}

} // namespace baton::gpu::cuda
