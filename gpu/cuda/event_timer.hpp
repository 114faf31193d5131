#pragma once

#include <cstdint>

#include "gpu/cuda/handle.hpp"
#include "metadata/ids.hpp"

namespace baton::gpu::cuda {

/// Times what is put on a stream, by two events around it. Throws `failure`.
class event_timer {
public:
  event_timer() {
    for (auto* e : {&before_, &after_})
      check(cudaEventCreateWithFlags(e->put(), cudaEventBlockingSync), "cudaEventCreateWithFlags");
  }

  /// Waits until what `enqueue` has put there is over.
  template <class F>
  metadata::duration time(cudaStream_t stream, F&& enqueue) const {
    check(cudaEventRecord(before_.get(), stream), "cudaEventRecord");
    enqueue();
    check(cudaEventRecord(after_.get(), stream), "cudaEventRecord");
    check(cudaEventSynchronize(after_.get()), "cudaEventSynchronize");
    float ms = 0;
    check(cudaEventElapsedTime(&ms, before_.get(), after_.get()), "cudaEventElapsedTime");
    return metadata::duration(static_cast<std::int64_t>(ms * 1e6F));
  }

private:
  event_handle before_, after_;
};

} // namespace baton::gpu::cuda
