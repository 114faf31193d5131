#include "gpu/cpu/box_step.hpp"

#include <cstring>

namespace baton::gpu::cpu {
namespace {

template <std::size_t Bytes>
void copy_row(std::byte* to, const std::byte* from, std::int64_t count, std::int64_t to_step, std::int64_t from_step) {
  for (std::int64_t i = 0; i < count; ++i)
    std::memcpy(to + i * to_step, from + i * from_step, Bytes);
}

void copy_row(std::size_t bytes, std::byte* to, const std::byte* from, std::int64_t count, std::int64_t to_step,
              std::int64_t from_step) {
  switch (bytes) {
  case 1: return copy_row<1>(to, from, count, to_step, from_step);
  case 2: return copy_row<2>(to, from, count, to_step, from_step);
  case 4: return copy_row<4>(to, from, count, to_step, from_step);
  case 8: return copy_row<8>(to, from, count, to_step, from_step);
  default:
    for (std::int64_t i = 0; i < count; ++i)
      std::memcpy(to + i * to_step, from + i * from_step, bytes);
  }
}

} // namespace

box_step::box_step(place from, place to, const box& what, std::size_t element_bytes)
    : from_(from), to_(to), run_bytes_(element_bytes) {
  const auto size = static_cast<std::int64_t>(element_bytes);
  from_offset_ = what.from_offset * size;
  to_offset_ = what.to_offset * size;
  for (std::size_t axis = 0; axis < what.shape.size(); ++axis) {
    const loop l{what.shape[axis], what.from_strides[axis] * size, what.to_strides[axis] * size};
    if (l.count == 1)
      continue;
    auto* before = outer_.empty() ? nullptr : &outer_.back();
    if (before && before->from == l.from * l.count && before->to == l.to * l.count)
      *before = {before->count * l.count, l.from, l.to};
    else
      outer_.push_back(l);
  }
  if (!outer_.empty() && outer_.back().from == size && outer_.back().to == size) {
    run_bytes_ *= static_cast<std::size_t>(outer_.back().count);
    outer_.pop_back();
  }
  if (!outer_.empty()) {
    inner_ = outer_.back();
    outer_.pop_back();
  }
}

void box_step::run(const run_context& context) const {
  const auto* from = context.values.at(from_) + from_offset_;
  auto* to = context.values.at(to_) + to_offset_;
  std::array<std::int64_t, DNNL_MAX_NDIMS> at{};
  while (true) {
    copy_row(run_bytes_, to, from, inner_.count, inner_.to, inner_.from);
    auto axis = outer_.size();
    for (; axis-- > 0;) {
      const auto& l = outer_[axis];
      from += l.from;
      to += l.to;
      if (++at[axis] < l.count)
        break;
      at[axis] = 0;
      from -= l.from * l.count;
      to -= l.to * l.count;
    }
    if (axis == SIZE_MAX)
      return;
  }
}

} // namespace baton::gpu::cpu
