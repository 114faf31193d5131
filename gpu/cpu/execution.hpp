#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "gpu/cpu/cpu_plan.hpp"

namespace baton::gpu::cpu {

/// What one device has of its own to run a plan: the memory objects of its primitives. Used by the device's thread.
class execution {
public:
  execution(std::weak_ptr<const cpu_plan> of, const dnnl::stream& stream);

  bool expired() const { return plan_.expired(); }
  /// Runs parts [begin, end) with `data`; adds to its layer times. `scratch` has the plan's scratch bytes. Allocates
  /// nothing. Throws `failure`, `dnnl::error`. @pre the plan is alive, the range lies in it
  void run(const cpu_plan& plan, position begin, position end, bindings& data, std::byte* scratch);

private:
  std::weak_ptr<const cpu_plan> plan_;
  const dnnl::stream& stream_;
  std::vector<bound_arguments> bound_;
};

} // namespace baton::gpu::cpu
