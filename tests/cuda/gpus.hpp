#pragma once

#include <memory>

#include "tests/conformance/backends.hpp"
#include "tests/fake_cuda/fake_cuda.hpp"

namespace baton::testing {

inline const backend how{"cuda", nullptr, false};

/// GPUs of the stand-in, none of them lost.
inline std::unique_ptr<gpu::machine> open_gpus(const char* devices, gpu::machine_options options = {}) {
  fake_cuda::heal();
  options.pin_threads = false;
  options.cuda_plugin = BATON_CUDA_STANDIN;
  return demand(gpu::open_machine(demand(gpu::parse_devices(devices)), options));
}

} // namespace baton::testing
