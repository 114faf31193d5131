#include "gpu/box.hpp"

#include <algorithm>
#include <string>

namespace baton::gpu {

box concat_box(const layer_view& of, const metadata::concat_layer& a, std::size_t operand, std::int64_t start) {
  const auto shape = of.input_shape(operand);
  const auto out = row_major_strides(of.output_shape());
  return {shape, row_major_strides(shape), out, 0, start * out.at(a.axis)};
}

box slice_box(const layer_view& of, const metadata::slice_layer& a) {
  const auto shape = of.input_shape(0);
  const auto strides = row_major_strides(shape);
  box picked{of.output_shape(), {}, row_major_strides(of.output_shape())};
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    const auto& r = a.axes.at(axis);
    const auto first = of.bound(r.start);
    const auto last = first + (picked.shape[axis] - 1) * r.step;
    if (std::min(first, last) < 0 || std::max(first, last) >= shape[axis])
      of.unfit("its range lies outside axis " + std::to_string(axis) + " of " + std::to_string(shape[axis])
               + " elements");
    picked.from_offset += first * strides[axis];
    picked.from_strides.push_back(r.step * strides[axis]);
  }
  return picked;
}

box expand_box(const layer_view& of) {
  const auto out = of.output_shape();
  return {out, repeating_strides(of.input_shape(0), out.size()), row_major_strides(out)};
}

} // namespace baton::gpu
