#pragma once

#include "gpu/box.hpp"
#include "gpu/cuda/layer_builder.hpp"

namespace baton::gpu::cuda {

/// Adds a step that copies a box between places of values or constants, elements of 1, 2, 4 or 8 bytes.
void add_box(layer_builder& b, const place& from, const place& to, const box& what, std::size_t element_bytes);

} // namespace baton::gpu::cuda
