#include "gpu/cpu/cpu_device.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "gpu/cpu/cpu_block.hpp"
#include "gpu/cpu/guard.hpp"
#include "gpu/cpu/plan_builder.hpp"
#include "gpu/defaults.hpp"
#include "gpu/plan_check.hpp"

namespace baton::gpu::cpu {
namespace {

/// What was read, tried and freed while a plan was built: the allocator keeps it, hundreds of MB for a ResNet-50.
void give_back_freed_memory() {
#if defined(__GLIBC__)
  ::malloc_trim(0);
#endif
}

} // namespace

cpu_device::cpu_device(device_description description, std::shared_ptr<cpu_domain> home, thread_set threads,
                       kernel_seeker seeker)
    : description_(std::move(description)), home_(std::move(home)), threads_(std::move(threads)),
      seeker_(std::move(seeker)), stream_(cpu_engine()) {}

expected<void> cpu_device::attach() {
  auto entered = threads_.enter();
  if (!entered)
    return fail(entered.error().code, "device '" + description_.name + "': " + entered.error().message);
  attached_ = true;
  return {};
}

expected<std::shared_ptr<const plan>> cpu_device::build_plan(std::shared_ptr<const metadata::model> of,
                                                             std::shared_ptr<weights> with,
                                                             metadata::symbol_values symbols) {
  auto part = "device '" + description_.name + "'";
  return guarded(part, [&]() -> std::shared_ptr<const plan> {
    auto prepared = std::dynamic_pointer_cast<cpu_weights>(with);
    if (!attached_)
      raise(errc::bad_argument, part + ": attach() must come before build_plan()");
    if (!of || !prepared || &prepared->of() != of.get() || prepared->home() != home_->memory().get())
      raise(errc::bad_argument, part + ": a plan needs a model and that model's weights of the device's domain");
    auto made =
        make_plan(std::move(of), std::move(prepared), std::move(symbols), description_.kind, home_->memory(), seeker_);
    measure(*made);
    give_back_freed_memory();
    return made;
  });
}

void cpu_device::measure(cpu_plan& plan) {
  auto& run = execution_of(plan);
  bindings data;
  data.activations = std::make_shared<cpu_block>(
      home_->memory()->allocate(purpose::blocks, plan.block_bytes(), "an activation block to measure with"));
  std::memset(data.activations->data(), 0, data.activations->bytes());
  using clock = std::chrono::steady_clock;
  for (std::uint32_t layer = 0; layer < plan.profile().layers(); ++layer) {
    auto best = duration::max();
    // Together, as they run: some steps work for several parts.
    const auto parts = std::min(plan.profile().parts[layer], defaults::measured_at_once);
    for (int i = 0; i < defaults::measuring_runs; ++i) {
      auto before = clock::now();
      run.run(plan, {layer, 0}, {layer, parts}, data, scratch_.data());
      best = std::min<duration>(best, (clock::now() - before) / parts);
    }
    plan.set_part_time(layer, best);
  }
}

execution& cpu_device::execution_of(const cpu_plan& plan) {
  // Every time: a larger plan may have given the arena up and not got its own.
  if (scratch_.bytes() < plan.scratch_bytes()) {
    scratch_ = {}; // first, so that a tight limit counts one arena and not two
    scratch_ = home_->memory()->allocate(purpose::scratch, plan.scratch_bytes(),
                                         "the scratch arena of device '" + description_.name + "'");
  }
  if (auto found = executions_.find(&plan); found != executions_.end() && !found->second.expired())
    return found->second;
  std::erase_if(executions_, [](const auto& entry) { return entry.second.expired(); });
  return executions_.try_emplace(&plan, plan.weak_from_this(), stream_).first->second;
}

const cpu_plan& cpu_device::check(const submission& work) const {
  auto bad = [&](const std::string& reason) {
    raise(errc::bad_argument, "device '" + description_.name + "': " + reason);
  };
  if (!attached_)
    bad("attach() must come before submit()");
  if (work.lane.value >= description_.lanes)
    bad("it has no lane " + std::to_string(work.lane.value));
  const auto* plan = as_cpu_plan(work.plan);
  if (!plan || plan->home() != home_->memory().get() || plan->device_kind() != description_.kind)
    bad("the plan submitted is not one of its kind '" + description_.kind + "' and domain '" + home_->description().name
        + "'");
  check_range(work, "device '" + description_.name + "'");
  const auto* memory = dynamic_cast<const cpu_block*>(work.data->activations.get());
  if (!memory || memory->home() != home_->memory().get() || memory->bytes() < plan->block_bytes())
    bad("the activation block is not of its domain, or smaller than the plan's " + std::to_string(plan->block_bytes())
        + " bytes");
  for (const auto& wait : work.waits)
    if (wait.device == description_.id && wait.sequence > frontier_.completed)
      bad("a ticket to wait for is not ready, and this device is inline");
  return *plan;
}

expected<ticket> cpu_device::submit(const submission& work) {
  execution* run = nullptr;
  try {
    const auto& plan = check(work);
    if (completed_.size() >= defaults::unpolled_completions)
      raise(errc::overloaded, "device '" + description_.name + "': its completions are not polled");
    run = &execution_of(plan);
    completed_.emplace_back();
  } catch (...) {
    return tl::unexpected(caught(errc::device_failed, "device '" + description_.name + "'"));
  }
  auto& result = completed_.back();
  result.done = {description_.id, work.lane, ++frontier_.issued};
  auto before = std::chrono::steady_clock::now();
  try {
    run->run(static_cast<const cpu_plan&>(*work.plan), work.begin, work.end, *work.data, scratch_.data());
  } catch (...) {
    result.failure = caught(errc::device_failed, "device '" + description_.name + "'");
  }
  result.elapsed = std::chrono::steady_clock::now() - before;
  result.so_far = work.data->device_time += result.elapsed;
  frontier_.completed = frontier_.issued;
  return result.done;
}

std::size_t cpu_device::poll(std::span<completion> out) {
  auto count = std::min(out.size(), completed_.size());
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = std::move(completed_.front());
    completed_.pop_front();
  }
  return count;
}

bool cpu_device::wait_any(std::chrono::milliseconds /*timeout*/) {
  // Nothing can complete while the only thread that submits waits.
  return !completed_.empty();
}

frontier cpu_device::progress(lane_id lane) const {
  return lane.value < description_.lanes ? frontier_ : frontier{};
}

} // namespace baton::gpu::cpu
