#include <cstdint>

#include "gpu/cpu/box_step.hpp"
#include "gpu/cpu/kernels.hpp"

namespace baton::gpu::cpu {
namespace {

/// [N, a, b, H, W] -> [N, b, a, H, W] of pictures with channels last, as the shuffle of a grouped convolution's
/// channels has it: the result has them last too. Nothing for others.
std::optional<layout> shuffled(const layout& source, const metadata::transpose_layer& a, const extents& out) {
  const auto& md = source.data;
  if (a.permutation != std::vector<std::uint32_t>{0, 2, 1, 3, 4} || md.format_kind != dnnl_blocked
      || md.format_desc.blocking.inner_nblks > 0 || md.format_desc.blocking.strides[2] != 1)
    return std::nullopt;
  const auto channels = out[1] * out[2];
  return layout(out, source.data_type(), extents{channels * out[3] * out[4], out[2], 1, channels * out[4], channels});
}

} // namespace

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
  auto source = b.input_of_any_type(0);
  if (const auto how = shuffled(source.how, a, out)) {
    const auto target = b.output(0, *how);
    return b.reorder(source, {how->permute_axes({0, 2, 1, 3, 4}), target.at});
  }
  auto target = b.plain_output();
  if (in.empty())
    b.reorder(source, target);
  else
    b.reorder(source, {layout(in, number::f32, strides), target.at});
}

} // namespace baton::gpu::cpu
