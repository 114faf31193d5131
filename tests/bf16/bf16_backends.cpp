#include <cstdio>

#include "tests/conformance/backends.hpp"

namespace baton::testing {
namespace {

expected<std::unique_ptr<gpu::machine>> open(std::uint64_t limit) {
  auto specs = demand(gpu::parse_devices("cpu:2,cpu:1@a"));
  return gpu::open_machine(specs, {.memory_limit = limit, .pin_threads = false, .multiplies = gpu::precision::bf16});
}

} // namespace

/// A factor is rounded by up to 2^-8 of its size, and so is what a layer writes: a sum of many products comes out 0.3%
/// off in the mean, the worst of some thousand elements three to four times that. A square behind it doubles the error.
const std::vector<backend>& backends() {
  static const auto all = [] {
    std::vector<backend> result;
    if (auto machine = open(0))
      result.push_back({.name = "cpu in bf16", .open = open, .tolerance = 2e-2, .least_bytes = 2});
    else
      std::fprintf(stderr, "skipped: %s\n", machine.error().message.c_str());
    return result;
  }();
  return all;
}

} // namespace baton::testing
