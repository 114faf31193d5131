#include <algorithm>
#include <functional>

#include "gpu/cuda/cuda_device.hpp"
#include "gpu/cuda/current_gpu.hpp"
#include "gpu/cuda/defaults.hpp"
#include "gpu/cuda/event_timer.hpp"
#include "gpu/cuda/guard.hpp"
#include "gpu/defaults.hpp"

/// Plans: built and measured.
namespace baton::gpu::cuda {

expected<std::shared_ptr<const plan>> cuda_device::build_plan(std::shared_ptr<const metadata::model> of,
                                                              std::shared_ptr<weights> with,
                                                              metadata::symbol_values symbols) {
  return guarded(part(), [&]() -> std::shared_ptr<const plan> {
    auto prepared = std::dynamic_pointer_cast<cuda_weights>(with);
    if (!attached_)
      raise(errc::bad_argument, part() + ": attach() must come before build_plan()");
    if (!of || !prepared || &prepared->of() != of.get() || prepared->home() != gpu_->memory.get())
      raise(errc::bad_argument, part() + ": a plan needs a model and that model's weights of the device's domain");
    plan_draft draft;
    draft.model = std::move(of);
    draft.weights = std::move(prepared);
    draft.symbols = std::move(symbols);
    const current_gpu here(gpu_->number);
    const lane::library_calls use(*lanes_.front().on);
    draft.on = lanes_.front().on.get();
    draft.card = gpu_->name;
    draft.multiplies = description_.multiplies;
    draft.choices = gpu_->choices;
    auto made = make_plan(std::move(draft), description_.kind, gpu_);
    std::vector<std::size_t> had;
    for (const auto& l : lanes_)
      had.push_back(l.on->arena_bytes());
    try {
      for (auto& l : lanes_)
        l.on->reserve(made->scratch_bytes());
      measure(*made, *lanes_.front().on);
      if (made->uses_graphs())
        for (auto& l : lanes_)
          l.on->keep_graphs(made->serial());
    } catch (const failure& f) {
      if (f.why().code == errc::out_of_memory) // a plan that is not made takes nothing from those that are there
        for (std::size_t i = 0; i < lanes_.size(); ++i)
          lanes_[i].on->give_back(had[i]);
      throw;
    }
    return made;
  });
}

void cuda_device::measure(cuda_plan& plan, lane& on) {
  bindings data;
  data.activations = std::make_shared<cuda_block>(
      gpu_->memory->allocate(purpose::blocks, plan.block_bytes(), "an activation block to measure with"), gpu_);
  check(cudaMemsetAsync(data.activations->data(), 0, data.activations->bytes(), on.stream()), "cudaMemsetAsync");
  measure_layers(plan, on, data);
  plan.use_graphs(description_.graphs == graph_use::measured ? graph_is_faster(plan, on, data)
                                                             : description_.graphs == graph_use::always);
}

void cuda_device::measure_layers(cuda_plan& plan, lane& on, const bindings& data) {
  const event_timer timer;
  for (std::uint32_t layer = 0; layer < plan.profile().layers(); ++layer) {
    auto best = duration::max();
    const auto parts = std::min(plan.profile().parts[layer], gpu::defaults::measuring_parts);
    const auto end = parts == plan.profile().parts[layer] ? position{layer + 1, 0} : position{layer, parts};
    for (int i = 0; i < gpu::defaults::measuring_runs; ++i)
      best = std::min(best, timer.time(on.stream(), [&] { enqueue(plan, data, on, {layer, 0}, end); }) / parts);
    plan.set_part_time(layer, best);
  }
  on.drain();
}

/// Of the whole plan, from the first call to the end on the device.
bool cuda_device::graph_is_faster(const cuda_plan& plan, lane& on, const bindings& data) {
  const auto all = [&] { enqueue(plan, data, on, {}, plan.profile().end()); };
  const auto graph = on.capture_to_measure(all);
  if (!graph.ready)
    return false;
  const auto best = [&](const std::function<void()>& issue) {
    auto shortest = clock::duration::max();
    for (int i = 0; i < gpu::defaults::measuring_runs; ++i) {
      const auto begin = clock::now();
      issue();
      on.drain();
      shortest = std::min(shortest, clock::now() - begin);
    }
    return std::chrono::duration<double>(shortest);
  };
  const auto by_calls = best(all);
  return best([&] { check(cudaGraphLaunch(graph.ready.get(), on.stream()), "cudaGraphLaunch"); })
         <= defaults::graph_gain * by_calls;
}

} // namespace baton::gpu::cuda
