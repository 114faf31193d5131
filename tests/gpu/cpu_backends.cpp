#include "tests/conformance/backends.hpp"

namespace baton::testing {

const std::vector<backend>& backends() {
  static const std::vector<backend> all{{"cpu", [](std::uint64_t limit) {
                                           auto specs = demand(gpu::parse_devices("cpu:2,cpu:1@a"));
                                           return gpu::open_machine(specs,
                                                                    {.memory_limit = limit, .pin_threads = false});
                                         }}};
  return all;
}

} // namespace baton::testing
