#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <cuda_runtime_api.h>

#include <cuda/std/array>

#include "gpu/failure.hpp"
#include "gpu/layer_view.hpp"
#include "metadata/defaults.hpp"

/// How kernels find element number i of a box: its coordinates, and how far it is from the first one.
namespace baton::gpu::cuda {

/// The extents of a box, innermost first.
class box_extents {
public:
  /// One more than any value has: elements may be moved in pieces.
  static constexpr std::size_t most = metadata::defaults::max_rank + 1;

  std::size_t axes() const { return static_cast<std::size_t>(axes_); }
  std::int64_t outermost() const { return counts_[axes() - 1]; }
  /// Puts an axis around those that are there.
  void wrap(std::int64_t count) {
    if (axes() == most)
      raise(errc::internal, "a box of too many axes");
    counts_[axes()] = count;
    ++axes_;
  }
  /// @pre there is an axis
  void multiply_outermost(std::int64_t by) { counts_[axes() - 1] *= by; }

  /// Calls `f(axis, coordinate)` for each axis of element `i`, at least once. Unrolled, so that a kernel need not index
  /// arrays by a variable: that would put them into memory.
  template <class F>
  __host__ __device__ void walk(std::int64_t i, const F& f) const {
    walk(static_cast<std::uint64_t>(i), f, std::make_index_sequence<most>());
  }

private:
  template <class F, std::size_t... Axis>
  __host__ __device__ void walk(std::uint64_t left, const F& f, std::index_sequence<Axis...> /*all*/) const {
    (void)(take<Axis>(left, f) && ...);
  }
  /// False if that was the last axis.
  template <std::size_t Axis, class F>
  __host__ __device__ bool take(std::uint64_t& left, const F& f) const {
    if (static_cast<std::int32_t>(Axis) + 1 >= axes_) {
      f(Axis, static_cast<std::int64_t>(left));
      return false;
    }
    const auto count = static_cast<std::uint64_t>(counts_[Axis]);
    const auto next = left / count;
    f(Axis, static_cast<std::int64_t>(left - next * count));
    left = next;
    return true;
  }

  std::int32_t axes_ = 0;
  ::cuda::std::array<std::int64_t, most> counts_{};
};

/// Where the elements of a box lie in several operands.
template <std::size_t Operands>
class box_index {
public:
  using steps = ::cuda::std::array<std::int64_t, Operands>;

  /// Puts an axis around those that are there, which goes `step` far. Axes that go on alike in all operands are one:
  /// most boxes have one or two.
  void wrap(std::int64_t count, const steps& step) {
    if (count == 1)
      return;
    const auto axes = extents_.axes();
    auto goes_on = axes > 0;
    for (std::size_t k = 0; k < Operands && goes_on; ++k)
      goes_on = step[k] == steps_[axes - 1][k] * extents_.outermost();
    if (goes_on)
      return extents_.multiply_outermost(count);
    extents_.wrap(count);
    steps_[axes] = step;
  }

  /// How far element `i` is from the first one in each operand.
  __host__ __device__ steps operator()(std::int64_t i) const {
    steps result{};
    extents_.walk(i, [&](std::size_t axis, std::int64_t at) {
      for (std::size_t k = 0; k < Operands; ++k)
        result[k] += at * steps_[axis][k];
    });
    return result;
  }

private:
  box_extents extents_;
  ::cuda::std::array<steps, box_extents::most> steps_{};
};

} // namespace baton::gpu::cuda
