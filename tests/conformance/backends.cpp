#include "tests/conformance/backends.hpp"

#include <stdexcept>

namespace baton::testing {

using namespace gpu;
using metadata::tensor;

namespace {

/// For how long a submission is waited for. An end, should one hang: on a loaded machine TSan made one last over 10 s.
constexpr std::chrono::seconds patience{120};

} // namespace

bench_device::bench_device(const backend& on, machine& machine, std::uint32_t index)
    : backend_(on), device_(demand(machine.open(device_id{index}))) {
  domain_ = machine.domains()[device_->description().domain.value];
  copier_ = demand(domain_->open_copy_engine());
  if (auto attached = device_->attach(); !attached)
    throw std::runtime_error(attached.error().message);
}

std::shared_ptr<const plan> bench_device::plan(const model_ptr& m, const metadata::symbol_values& symbols) {
  weights_.push_back(demand(domain_->load_weights(m)));
  return demand(device_->build_plan(m, weights_.back(), symbols));
}

bindings bench_device::bind(const gpu::plan& p) {
  bindings data;
  data.activations = demand(domain_->allocate(p.block_bytes()));
  data.inputs.assign(p.of().inputs().size(), nullptr);
  return data;
}

bindings bench_device::bind(const gpu::plan& p, const std::vector<tensor>& inputs) {
  auto data = bind(p);
  if (backend_.reads_host_inputs) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      staged_.push_back(std::make_shared<tensor>(inputs[i]));
      data.inputs[i] = staged_.back()->data();
    }
  } else {
    auto host = host_inputs(inputs);
    demand(copier_->copy({&p, &host}, {&p, &data}, {0, 0}, nullptr));
  }
  return data;
}

completion bench_device::run(const gpu::plan& p, bindings& data, metadata::position begin, metadata::position end) {
  auto issued = demand(device_->submit({.plan = &p, .begin = begin, .end = end, .data = &data}));
  completion done;
  while (device_->poll({&done, 1}) == 0)
    if (!device_->wait_any(patience))
      throw std::runtime_error("a submission did not complete");
  if (done.done.sequence != issued.sequence)
    throw std::runtime_error("another submission completed");
  return done;
}

std::vector<tensor> bench_device::outputs(const gpu::plan& p, bindings& data) {
  return demand(copier_->fetch_outputs({&p, &data}, nullptr));
}

std::vector<tensor> bench_device::infer(const gpu::plan& p, const std::vector<tensor>& inputs) {
  auto data = bind(p, inputs);
  auto done = run(p, data, {0, 0}, p.profile().end());
  if (done.failure)
    throw std::runtime_error(done.failure->message);
  return outputs(p, data);
}

bindings host_inputs(const std::vector<tensor>& inputs) {
  bindings result;
  for (const auto& t : inputs)
    result.inputs.push_back(t.data());
  return result;
}

std::vector<metadata::position> positions(const gpu::plan& p) {
  std::vector<metadata::position> result{{0, 0}};
  while (result.back() != p.profile().end())
    result.push_back(p.profile().next(result.back()));
  return result;
}

} // namespace baton::testing
