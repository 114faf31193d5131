#include "tests/conformance/backends.hpp"

namespace baton::testing {
namespace {

backend cores(std::string name, gpu::cut_rule cuts) {
  return {std::move(name), [cuts](std::uint64_t limit) {
            auto specs = demand(gpu::parse_devices("cpu:2,cpu:1@a"));
            return gpu::open_machine(specs, {.memory_limit = limit, .pin_threads = false, .cuts = cuts});
          }};
}

} // namespace

const std::vector<backend>& backends() {
  static const std::vector<backend> all{
      cores("cpu", {}),
      // All that can be cut is, into as many parts as can be made.
      cores("cpu in parts", {.longer_than = std::chrono::nanoseconds{1}, .most_cost = 1e9})};
  return all;
}

} // namespace baton::testing
