#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "gpu/cuda/layer_builder.hpp"
#include "metadata/kernel_choices.hpp"

/// What is fastest is measured, once for each problem, card and version of the library; what was found is kept.
namespace baton::gpu::cuda {

/// A way to do a thing.
struct kernel_way {
  std::string name;            ///< as it is kept
  std::function<void()> build; ///< adds its steps to the layer. Throws `bad_model` if it cannot be done so
};

/// Adds the steps of the fastest of these ways. Each is built, and run in memory of its own, as a part of a graph: so
/// neither the time of a launch counts nor that of loading a kernel. One that is known to be the fastest, by its name,
/// is not tried again. With room to try none it is the first. Throws `failure` if none can be done.
void add_fastest(layer_builder& b, const metadata::kernel_problem& of, std::span<const kernel_way> ways);

} // namespace baton::gpu::cuda
