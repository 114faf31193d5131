#pragma once

#include "gpu/cpu/step.hpp"

namespace baton::gpu::cpu {

/// A box of elements to be copied: its extents, and how far one step along each axis goes on either side. In elements;
/// steps in the source may be 0 (repeat) or negative.
struct box {
  extents shape;
  extents from_strides;
  extents to_strides;
  std::int64_t from_offset = 0;
  std::int64_t to_offset = 0;
};

/// Copies a box between plain places, elements of any size.
class box_step final : public step {
public:
  box_step(place from, place to, const box& what, std::size_t element_bytes);
  void run(const run_context& context) const override;

private:
  /// In bytes.
  struct loop {
    std::int64_t count;
    std::int64_t from;
    std::int64_t to;
  };

  place from_;
  place to_;
  std::int64_t from_offset_;
  std::int64_t to_offset_;
  std::vector<loop> outer_; ///< outermost first
  loop inner_{1, 0, 0};
  std::size_t run_bytes_; ///< contiguous on both sides
};

} // namespace baton::gpu::cpu
