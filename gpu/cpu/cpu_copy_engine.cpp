#include "gpu/cpu/cpu_copy_engine.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include <omp.h>

#include "gpu/cpu/cpu_block.hpp"
#include "gpu/cpu/guard.hpp"
#include "gpu/defaults.hpp"

namespace baton::gpu::cpu {
namespace {

/// The calling thread works alone while this lives.
class single_thread {
public:
  single_thread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~single_thread() { omp_set_num_threads(before_); }
  single_thread(const single_thread&) = delete;
  single_thread& operator=(const single_thread&) = delete;

private:
  int before_;
};

void check(const std::atomic<bool>* cancel) {
  if (cancel && cancel->load(std::memory_order_relaxed))
    raise(errc::cancelled, "the copy was cancelled");
}

void copy_bytes(std::byte* to, const std::byte* from, std::size_t bytes, const std::atomic<bool>* cancel) {
  check(cancel);
  for (std::size_t done = 0; done < bytes; done += defaults::copy_chunk) {
    if (done > 0)
      check(cancel);
    std::memcpy(to + done, from + done, std::min(defaults::copy_chunk, bytes - done));
  }
}

const std::byte* external(const bindings& data, const value_slot& slot) {
  return slot.input && *slot.input < data.inputs.size() ? data.inputs[*slot.input] : nullptr;
}

/// The block of one side, checked. Throws `bad_argument`.
std::byte* block_of(const values_at& side, const cpu_plan& plan, const char* name) {
  auto* memory = dynamic_cast<cpu_block*>(side.data->activations.get());
  if (!memory || memory->home() != plan.home() || memory->bytes() < plan.block_bytes())
    raise(errc::bad_argument, std::string("copy: the ") + name + " has no block of its plan's domain and size");
  return memory->data();
}

const cpu_plan& plan_of(const values_at& side, const char* name) {
  const auto* plan = as_cpu_plan(side.plan);
  if (!plan || !side.data)
    raise(errc::bad_argument, std::string("copy: the ") + name + " has no plan of a CPU device or no bindings");
  if (!side.data->inputs.empty() && side.data->inputs.size() != plan->of().inputs().size())
    raise(errc::bad_argument, std::string("copy: the ") + name + " binds another number of inputs than its model has");
  return *plan;
}

void check_position(const cpu_plan& plan, position at) {
  const auto& profile = plan.profile();
  if (at != profile.end() && (at.layer >= profile.layers() || at.part >= profile.parts[at.layer]))
    raise(errc::bad_argument, "copy: model '" + plan.of().name() + "' has no position (" + std::to_string(at.layer)
                                  + ", " + std::to_string(at.part) + ")");
}

} // namespace

std::size_t cpu_copy_engine::copy_live_set(values_at from, values_at to, position at, const std::atomic<bool>* cancel) {
  const auto& source = plan_of(from, "source");
  const auto& target = plan_of(to, "target");
  if (&source.of() != &target.of() || source.symbols() != target.symbols())
    raise(errc::bad_argument, "copy: source and target are plans of different models or symbols");
  if (target.home() != into_.get())
    raise(errc::bad_argument, "copy: the target is not in domain '" + into_->name() + "'");
  check_position(source, at);
  auto* target_block = block_of(to, target, "target");
  std::byte* source_block = nullptr; // not there before the first layer if all inputs are external
  auto source_bytes = [&](std::size_t offset) {
    if (!source_block)
      source_block = block_of(from, source, "source");
    return source_block + offset;
  };
  single_thread alone;
  std::size_t copied = 0;
  for (auto v : source.of().live_values(at)) {
    const auto& a = source.slots()[v];
    const auto& b = target.slots()[v];
    if (external(*to.data, b))
      continue;
    const auto* given = external(*from.data, a);
    const auto* bytes = given ? given : source_bytes(a.offset);
    if (!a.how || same_layout(*a.how, *b.how)) {
      copy_bytes(target_block + b.offset, bytes, b.bytes, cancel);
    } else {
      check(cancel);
      dnnl::memory there(*a.how, cpu_engine(), const_cast<std::byte*>(bytes));
      dnnl::memory here(*b.how, cpu_engine(), target_block + b.offset);
      dnnl::reorder(there, here).execute(stream_, there, here);
      stream_.wait();
    }
    copied += b.bytes;
  }
  if (at.part > 0) {
    auto bytes = source.layer(at.layer).state_bytes;
    copy_bytes(target_block + target.state_offset(at.layer), source_bytes(source.state_offset(at.layer)), bytes,
               cancel);
    copied += bytes;
  }
  return copied;
}

expected<std::size_t> cpu_copy_engine::copy(values_at from, values_at to, position at,
                                            const std::atomic<bool>* cancel) {
  return guarded("copy into domain '" + into_->name() + "'", [&] { return copy_live_set(from, to, at, cancel); });
}

expected<std::vector<metadata::tensor>> cpu_copy_engine::fetch_outputs(values_at from,
                                                                       const std::atomic<bool>* cancel) {
  return guarded("fetching outputs", [&] {
    const auto& plan = plan_of(from, "source");
    const auto* block = block_of(from, plan, "source");
    const auto& model = plan.of();
    std::vector<metadata::tensor> result;
    for (auto v : model.outputs()) {
      const auto& slot = plan.slots()[model.root(v)];
      metadata::tensor tensor(model.values()[v].type, model.shape(v, plan.symbols()));
      copy_bytes(tensor.mutable_data(), block + slot.offset, tensor.bytes(), cancel);
      result.push_back(std::move(tensor));
    }
    return result;
  });
}

} // namespace baton::gpu::cpu
