#pragma once

#include "gpu/box.hpp"
#include "gpu/cpu/step.hpp"

namespace baton::gpu::cpu {

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
