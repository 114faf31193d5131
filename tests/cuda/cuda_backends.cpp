#include "tests/conformance/backends.hpp"

namespace baton::testing {

const std::vector<backend>& backends() {
  static const std::vector<backend> all{
      {"cuda",
       [](std::uint64_t limit) {
         auto specs = demand(gpu::parse_devices("cuda:0,cuda:0,cuda:1"));
         return gpu::open_machine(specs,
                                  {.memory_limit = limit, .pin_threads = false, .cuda_plugin = BATON_CUDA_STANDIN});
       },
       false}};
  return all;
}

} // namespace baton::testing
