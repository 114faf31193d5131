#include <cstdint>

#include "gpu/cpu/box_step.hpp"
#include "gpu/cpu/kernels.hpp"

namespace baton::gpu::cpu {
void build_transpose(layer_builder& b, const metadata::transpose_layer& a) {
  auto in = b.input_shape(0);
  auto out = b.output_shape();
  if (a.permutation.size() != in.size())
    b.unsupported("its permutation must name each axis of its operand once");
  extents in_strides(in.size(), 1);
  extents out_strides(out.size(), 1);
  for (std::size_t i = in.size(); i-- > 1;) {
    in_strides[i - 1] = in_strides[i] * in[i];
    out_strides[i - 1] = out_strides[i] * out[i];
  }
  const auto type = b.type(b.input_value(0));
  if (type != metadata::element_type::float32) { // oneDNN has few others
    box moved{out, {}, out_strides};
    for (auto axis : a.permutation)
      moved.from_strides.push_back(in_strides.at(axis));
    const auto from = b.plain_place(0);
    b.add(std::make_unique<box_step>(from, b.plain_output_place(0), moved, size_of(type)));
    return;
  }
  // Axis p[i] of the operand is axis i of the result: the same extents in the result's strides.
  extents strides(in.size());
  for (std::size_t i = 0; i < in.size(); ++i)
    strides.at(a.permutation[i]) = out_strides[i];
  auto source = b.input(0);
  auto target = b.plain_output();
  if (in.empty())
    b.reorder(source, target);
  else
    b.reorder(source, {layout(in, dnnl::memory::data_type::f32, strides), target.at});
}

} // namespace baton::gpu::cpu
