#include "tests/actors/real_runtime.hpp"

namespace baton::testing {

const device_places& places() {
  static const device_places all{
      .one = "cuda:0",
      .together = "cuda:0,cuda:0",
      .apart = "cuda:0,cuda:1",
      .three = "cuda:0,cuda:0,cuda:1",
      .alone = {"cuda:0", "cuda:0/2"},
      .pairs = {"cuda:0,cuda:0", "cuda:0,cuda:1", "cuda:0/2,cuda:1/2"},
      // What runs the first time runs by single calls all the same.
      .machine = {.pin_threads = false, .cuda_plugin = BATON_CUDA_STANDIN, .graphs = gpu::graph_use::always},
      .reads_host_inputs = false,
      .long_batch = 64};
  return all;
}

} // namespace baton::testing
