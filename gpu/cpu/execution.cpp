#include "gpu/cpu/execution.hpp"

namespace baton::gpu::cpu {

execution::execution(std::weak_ptr<const cpu_plan> of, const dnnl::stream& stream)
    : plan_(std::move(of)), stream_(stream) {
  auto plan = plan_.lock();
  bound_.resize(plan->primitives());
  for (std::uint32_t i = 0; i < plan->profile().layers(); ++i)
    for (const auto& step : plan->layer(i).steps)
      if (const auto* primitive = dynamic_cast<const primitive_step*>(step.get()))
        bound_[primitive->slot()] = primitive->bind();
}

void execution::run(const cpu_plan& plan, position begin, position end, bindings& data, std::byte* scratch) {
  using clock = std::chrono::steady_clock;
  run_context context;
  context.values.slots = plan.slots();
  context.values.block = data.activations->data();
  context.values.inputs = data.inputs;
  context.values.scratch = scratch;
  context.stream = &stream_;
  context.bound = bound_;
  const bool timed = !data.layer_time.empty();
  auto before = timed ? clock::now() : clock::time_point{};
  auto part = begin.part;
  for (auto i = begin.layer; i < end.layer || (i == end.layer && part < end.part); ++i, part = 0) {
    const auto& layer = plan.layer(i);
    context.values.state = context.values.block + plan.state_offset(i);
    const auto stop = i == end.layer ? end.part : layer.parts;
    const auto first = part;
    context.stop = stop;
    for (; part < stop; ++part) {
      context.values.part = part;
      for (const auto& step : layer.steps)
        if (step->runs_in(part, part == first))
          step->run(context);
    }
    if (timed) {
      auto now = clock::now();
      data.layer_time[i] += now - before;
      before = now;
    }
  }
}

} // namespace baton::gpu::cpu
