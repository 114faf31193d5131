#pragma once

#include <vector>

#include "tests/conformance/backends.hpp"

/// Requests that change their device.
namespace baton::testing {

/// Runs to `at` on one device, moves the live set, runs the rest on the other; its outputs.
std::vector<metadata::tensor> move_at(metadata::position at, const backend& on, bench_device& from,
                                      const gpu::plan& source, bench_device& to, const gpu::plan& target,
                                      const std::vector<metadata::tensor>& inputs);

/// Moves every model of the zoo at every position, and holds the outputs against the reference.
void check_moves(const backend& on, bench_device& from, bench_device& to, double tolerance);

} // namespace baton::testing
