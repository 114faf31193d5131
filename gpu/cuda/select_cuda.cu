#include <algorithm>
#include <string>

#include "gpu/cuda/box_cuda.hpp"
#include "gpu/cuda/box_index.hpp"
#include "gpu/cuda/kernels.hpp"

/// Layers that pick elements of any type, or repeat them: concat, slice, expand.
namespace baton::gpu::cuda {

void build_concat(layer_builder& b, const metadata::concat_layer& a) {
  const auto size = size_of(b.type(b.input_value(0)));
  const auto out = row_major_strides(b.output_shape());
  const auto to = b.output();
  std::int64_t start = 0;
  for (std::size_t i = 0; i < b.what().inputs.size(); ++i) {
    const auto shape = b.input_shape(i);
    add_box(b, b.input(i), to, {shape, row_major_strides(shape), out, 0, start * out.at(a.axis)}, size);
    start += shape[a.axis];
  }
}

void build_slice(layer_builder& b, const metadata::slice_layer& a) {
  const auto shape = b.input_shape(0);
  const auto strides = row_major_strides(shape);
  box picked{b.output_shape(), {}, row_major_strides(b.output_shape())};
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    const auto& r = a.axes.at(axis);
    const auto first = b.bound(r.start);
    const auto last = first + (picked.shape[axis] - 1) * r.step;
    if (std::min(first, last) < 0 || std::max(first, last) >= shape[axis])
      b.unfit("its range lies outside axis " + std::to_string(axis) + " of " + std::to_string(shape[axis])
              + " elements");
    picked.from_offset += first * strides[axis];
    picked.from_strides.push_back(r.step * strides[axis]);
  }
  add_box(b, b.input(0), b.output(), picked, size_of(b.type(b.input_value(0))));
}

void build_expand(layer_builder& b, const metadata::expand_layer& /*a*/) {
  const auto out = b.output_shape();
  const box repeated{out, repeating_strides(b.input_shape(0), out.size()), row_major_strides(out)};
  add_box(b, b.input(0), b.output(), repeated, size_of(b.type(b.input_value(0))));
}

} // namespace baton::gpu::cuda
