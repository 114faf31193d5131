#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace baton::metadata {

/// One run of a whole model, 1 row, its weights brought over first: what bringing them costs beside executing.
struct measured_run {
  std::string_view model;
  std::string_view kind; ///< `device_kind::name`
  std::string_view runtime;
  std::int64_t host_to_device_ns; ///< weights and input, from pageable memory
  std::int64_t execution_ns;
  std::int64_t device_to_device_ns;
  std::int64_t device_to_host_ns;
};

/// GoogLeNet, ResNet-50 and ResNet-101 on an RTX 2060 and a GTX 1080 Ti, by PyTorch and by TensorRT. Source: the notes
/// that Baton grew from. A reference for plausibility: nothing is computed from them.
std::span<const measured_run> measured_runs();

} // namespace baton::metadata
