#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "gpu/cuda/span.hpp"
#include "gpu/place.hpp"

/// What a built layer is made of.
namespace baton::gpu::cuda {

class lane;

/// Where the values of one request are: addresses of the device.
struct frame {
  std::span<const planned_value> values;
  std::byte* block = nullptr;
  std::byte* scratch = nullptr;
  std::byte* state = nullptr;
  std::uint32_t part = 0;

  std::byte* at(const place& p) const;
};

/// What a step is given: the lane to put its work on, and where its operands are.
struct run_context {
  lane& on;
  frame values;

  cudaStream_t stream() const;

  /// `count` elements that are read.
  template <class T>
  span<const T> read(const place& p, std::size_t count) const {
    return {reinterpret_cast<const T*>(values.at(p)), count};
  }
  /// `count` elements that are written (they may be read too).
  template <class T>
  span<T> write(const place& p, std::size_t count) const {
    return {reinterpret_cast<T*>(values.at(p)), count};
  }
};

/// One action of a layer: puts work on the lane's stream and does not wait. It allocates nothing and creates no
/// descriptor; throws `failure`. Immutable and shared by all devices of a plan.
struct step {
  std::function<void(const run_context&)> enqueue;
  part_range parts;
};

} // namespace baton::gpu::cuda
