#pragma once

#include <string>

#include "gpu/backend.hpp"

namespace baton::gpu {

/// The CUDA plugin, opened once and for as long as the process lives. `file` as `machine_options::cuda_plugin`. Errors:
/// `unavailable`, saying what is missing: the driver, the plugin, one of NVIDIA's libraries, a GPU. `BATON_CUDA_LIBS`,
/// a list of folders, says where cuBLASLt and cuDNN are if the system does not know. Thread-safe.
expected<backend*> open_cuda(const std::string& file);

} // namespace baton::gpu
