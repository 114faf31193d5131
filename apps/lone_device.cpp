#include "apps/lone_device.hpp"

#include "apps/defaults.hpp"

namespace baton::apps {

expected<lone_device> open_lone_device(std::shared_ptr<const metadata::model> m, const metadata::symbol_values& symbols,
                                       std::span<const gpu::device_spec> devices, const gpu::machine_options& options) {
  lone_device opened;
  auto machine = gpu::open_machine(devices, options);
  if (!machine)
    return tl::unexpected(machine.error());
  opened.machine = std::move(*machine);
  auto device = opened.machine->open(opened.machine->devices().front().id);
  if (!device)
    return tl::unexpected(device.error());
  opened.device = std::move(*device);
  if (auto attached = opened.device->attach(); !attached)
    return tl::unexpected(attached.error());
  auto weights = opened.home().load_weights(m);
  if (!weights)
    return tl::unexpected(weights.error());
  opened.weights = std::move(*weights);
  auto plan = opened.device->build_plan(std::move(m), opened.weights, symbols);
  if (!plan)
    return tl::unexpected(plan.error());
  opened.plan = std::move(*plan);
  return opened;
}

expected<std::vector<metadata::tensor>> lone_device::run(std::span<const metadata::tensor> inputs) const {
  gpu::bindings given;
  for (const auto& t : inputs)
    given.inputs.push_back(t.data());
  gpu::bindings data;
  data.inputs.resize(inputs.size());
  auto block = home().allocate(plan->block_bytes());
  if (!block)
    return tl::unexpected(block.error());
  data.activations = std::move(*block);
  auto copier = home().open_copy_engine();
  if (!copier)
    return tl::unexpected(copier.error());
  if (auto copied = (*copier)->copy({plan.get(), &given, {}}, {plan.get(), &data, {}}, {0, 0}, nullptr); !copied)
    return tl::unexpected(copied.error());
  auto issued = device->submit(
      {.plan = plan.get(), .begin = {0, 0}, .end = plan->profile().end(), .data = &data, .lane = {}, .waits = {}});
  if (!issued)
    return tl::unexpected(issued.error());
  gpu::completion done;
  while (device->poll({&done, 1}) == 0)
    if (!device->wait_any(defaults::longest_request_timeout))
      return fail(errc::deadline_exceeded, "device '" + device->description().name + "' did not answer");
  if (done.failure)
    return tl::unexpected(*done.failure);
  return (*copier)->fetch_outputs({plan.get(), &data, *issued}, nullptr);
}

} // namespace baton::apps
