#include "gpu/cuda/box_cuda.hpp"
#include "gpu/cuda/kernels.hpp"

/// Layers that pick elements of any type, or repeat them: concat, slice, expand.
namespace baton::gpu::cuda {

void build_concat(layer_builder& b, const metadata::concat_layer& a) {
  const auto size = size_of(b.type(b.input_value(0)));
  const auto to = b.output();
  std::int64_t start = 0;
  for (std::size_t i = 0; i < b.what().inputs.size(); ++i) {
    add_box(b, b.input(i), to, concat_box(b, a, i, start), size);
    start += b.input_shape(i)[a.axis];
  }
}

void build_slice(layer_builder& b, const metadata::slice_layer& a) {
  add_box(b, b.input(0), b.output(), slice_box(b, a), size_of(b.type(b.input_value(0))));
}

void build_expand(layer_builder& b, const metadata::expand_layer& /*a*/) {
  add_box(b, b.input(0), b.output(), expand_box(b), size_of(b.type(b.input_value(0))));
}

} // namespace baton::gpu::cuda
