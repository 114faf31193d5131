#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gpu/device.hpp"
#include "metadata/tensor.hpp"
#include "tests/support/model_builder.hpp"

/// The conformance suite is written over the device interface; a backend enters it with one entry of `backends()`.
namespace baton::testing {

struct backend {
  std::string name;
  /// Two equal devices in one domain, one more of the same kind in another.
  std::function<expected<std::unique_ptr<gpu::machine>>(std::uint64_t memory_limit)> open;
  bool reads_host_inputs = true; ///< host memory can be bound as an input; else inputs are copied into the block
  double tolerance = 1e-5;       ///< of float32 results: `relative_difference` from the reference
  std::size_t least_bytes = 4;   ///< that a float32 element takes in a block
};

/// Those that the test program at hand is about; each program defines it.
const std::vector<backend>& backends();

/// The value, or a failed test with the error's text.
template <class T>
T demand(expected<T> x) {
  if (!x)
    throw std::runtime_error(std::string(to_string(x.error().code)) + ": " + x.error().message);
  return std::move(*x);
}

/// One attached device of a machine, and how to run a model on it. Used by the thread that made it.
class bench_device {
public:
  bench_device(const backend& on, gpu::machine& machine, std::uint32_t index);

  gpu::device& get() { return *device_; }
  gpu::domain& home() { return *domain_; }

  /// A plan of its own; weights are the domain's.
  std::shared_ptr<const gpu::plan> plan(const model_ptr& m, const metadata::symbol_values& symbols);

  /// A block and the inputs, bound from outside where the backend reads host memory.
  gpu::bindings bind(const gpu::plan& p, const std::vector<metadata::tensor>& inputs);
  /// A block into which inputs are still to be copied.
  gpu::bindings bind(const gpu::plan& p);

  /// Runs and waits; what became of it.
  gpu::completion run(const gpu::plan& p, gpu::bindings& data, metadata::position begin, metadata::position end);
  /// The outputs, in host memory.
  std::vector<metadata::tensor> outputs(const gpu::plan& p, gpu::bindings& data);
  /// All of it, in one submission. Throws if it failed.
  std::vector<metadata::tensor> infer(const gpu::plan& p, const std::vector<metadata::tensor>& inputs);

private:
  const backend& backend_;
  std::shared_ptr<gpu::domain> domain_;
  std::unique_ptr<gpu::device> device_;
  std::unique_ptr<gpu::copy_engine> copier_;
  std::vector<std::shared_ptr<gpu::weights>> weights_;
  std::vector<std::shared_ptr<const metadata::tensor>> staged_;
};

/// A copy's source: the inputs of a request that has not begun.
gpu::bindings host_inputs(const std::vector<metadata::tensor>& inputs);

/// Every position of a plan, the end included.
std::vector<metadata::position> positions(const gpu::plan& p);

} // namespace baton::testing
