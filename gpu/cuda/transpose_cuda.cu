#include "gpu/cuda/box_cuda.hpp"
#include "gpu/cuda/kernels.hpp"

namespace baton::gpu::cuda {

void build_transpose(layer_builder& b, const metadata::transpose_layer& a) {
  const auto in = b.input_shape(0);
  const auto out = b.output_shape();
  if (a.permutation.size() != in.size())
    b.unsupported("its permutation must name each axis of its operand once");
  const auto strides = row_major_strides(in);
  box moved{out, {}, row_major_strides(out)};
  for (auto axis : a.permutation)
    moved.from_strides.push_back(strides.at(axis));
  add_box(b, b.input(0), b.output(), moved, size_of(b.type(b.input_value(0))));
}

} // namespace baton::gpu::cuda
