#include "gpu/cuda/cuda_plan.hpp"

#include <algorithm>
#include <atomic>

#include "gpu/cuda/current_gpu.hpp"
#include "gpu/cuda/guard.hpp"
#include "gpu/cuda/kernels.hpp"
#include "gpu/memory_plan.hpp"
#include "gpu/plan_check.hpp"

namespace baton::gpu::cuda {
namespace {

std::uint64_t next_serial() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

/// A layer that cannot be run here keeps its values' places, so that a task may pass by: it runs on another device.
built_layer build_or_leave_out(plan_draft& draft, std::uint32_t index) {
  try {
    return build_layer(draft, index);
  } catch (const failure& f) {
    if (f.why().code != errc::bad_model)
      throw;
    const auto& m = *draft.model;
    const auto& layer = m.layers()[index];
    for (auto v : layer.outputs) {
      if (v == metadata::none || m.root(v) != v)
        continue;
      auto& slot = draft.values[v];
      slot.bytes = static_cast<std::size_t>(elements_of(m.shape(v, draft.symbols))) * size_of(m.values()[v].type);
      slot.planned = true;
    }
    const auto named = f.why().message.starts_with("layer '");
    return {.parts = static_cast<std::uint32_t>(layer.parts.bind(draft.symbols)),
            .lacking = named ? f.why().message : "layer '" + layer.name + "': " + f.why().message};
  }
}

} // namespace

cuda_plan::cuda_plan(plan_draft draft, std::string device_kind, std::shared_ptr<gpu_state> home)
    : draft_(std::move(draft)), device_kind_(std::move(device_kind)), home_(std::move(home)), serial_(next_serial()) {
  draft_.on = nullptr;
  std::vector<std::size_t> state_bytes;
  for (const auto& layer : draft_.layers) {
    profile_.parts.push_back(layer.parts);
    profile_.part_time.emplace_back();
    profile_.fallible.push_back(layer.may_fault);
    if (!layer.lacking.empty()) {
      profile_.lacking.layers.push_back(static_cast<std::uint32_t>(profile_.parts.size()) - 1);
      if (profile_.why_lacking.empty())
        profile_.why_lacking = layer.lacking;
    }
    state_bytes.push_back(layer.state_bytes);
  }
  auto places = lay_out_block(*draft_.model, draft_.values, {}, state_bytes);
  for (std::size_t v = 0; v < draft_.values.size(); ++v)
    draft_.values[v].offset = places.values[v];
  state_offsets_ = std::move(places.states);
  block_bytes_ = places.bytes;
}

expected<void> cuda_plan::read(const values_read& what, std::span<std::byte> to,
                               const std::atomic<bool>* cancel) const {
  return guarded("reading values of GPU " + std::to_string(home_->number), [&] {
    auto* memory = what.from ? dynamic_cast<cuda_block*>(what.from->activations.get()) : nullptr;
    if (!memory || &memory->home() != home_.get() || memory->bytes() < block_bytes_)
      raise(errc::bad_argument, "the source has no block of its plan's domain and size");
    home_->await(what.ready);
    std::size_t done = 0;
    auto copy = [&](std::size_t offset, std::size_t bytes) {
      if (bytes > to.size() - done)
        raise(errc::bad_argument, "there is no room for the values");
      home_->down->to_host(to.data() + done, memory->data() + offset, bytes, cancel);
      done += bytes;
    };
    for (auto v : what.values) {
      if (v >= draft_.values.size() || !draft_.values[v].planned)
        raise(errc::bad_argument, "value number " + std::to_string(v) + " has no place in the plan");
      copy(draft_.values[v].offset, draft_.values[v].bytes);
    }
    if (what.state_of != metadata::none)
      copy(state_offsets_.at(what.state_of), draft_.layers.at(what.state_of).state_bytes);
  });
}

std::shared_ptr<cuda_plan> make_plan(plan_draft draft, std::string device_kind, std::shared_ptr<gpu_state> home) {
  const auto& m = *draft.model;
  check_shape(m, draft.symbols);
  draft.values.resize(m.values().size());
  for (std::size_t i = 0; i < m.inputs().size(); ++i) {
    auto v = m.inputs()[i];
    auto& slot = draft.values[v];
    slot.input = static_cast<std::uint32_t>(i);
    slot.bytes = static_cast<std::size_t>(elements_of(m.shape(v, draft.symbols))) * size_of(m.values()[v].type);
    slot.planned = true;
  }
  for (std::uint32_t i = 0; i < m.layers().size(); ++i) {
    draft.layers.push_back(build_or_leave_out(draft, i));
    check_parts(m, draft.symbols, i, draft.layers.back().parts);
  }
  return std::make_shared<cuda_plan>(std::move(draft), std::move(device_kind), std::move(home));
}

} // namespace baton::gpu::cuda
