#include <algorithm>

#include "gpu/cpu/kernels.hpp"

namespace baton::gpu::cpu {
namespace {

void build(layer_builder& b, dnnl::algorithm how, const extents& kernel, const extents& strides, const extents& before,
           const extents& after) {
  auto source = b.input(0);
  dnnl::pooling_forward::desc wanted(dnnl::prop_kind::forward_inference, how, source.how, any_layout(b.output_shape()),
                                     strides, kernel, before, after);
  dnnl::pooling_forward::primitive_desc d(wanted, user_scratchpad(), cpu_engine());
  auto target = b.output(0, d.dst_desc());
  b.add(dnnl::pooling_forward(d), d.scratchpad_desc(), {{DNNL_ARG_SRC, source}, {DNNL_ARG_DST, target}});
}

} // namespace

void build_pool(layer_builder& b, const metadata::pool_layer& a) {
  auto in = b.input_shape(0);
  auto out = b.output_shape();
  if (in.size() != 4)
    b.unsupported("its operand must have 4 axes");
  // The last window may hang over the given pads (`ceil_mode`): the overhang is padding that counts for nothing.
  extents after{a.pads[2], a.pads[3]};
  bool overhang = false;
  for (std::size_t i = 0; i < 2; ++i) {
    auto needed = (out[i + 2] - 1) * a.strides[i] + a.kernel[i] - in[i + 2] - a.pads[i];
    overhang = overhang || needed > after[i];
    after[i] = std::max(after[i], needed);
  }
  using dnnl::algorithm;
  auto how = algorithm::pooling_max;
  if (a.mode == metadata::pool_layer::kind::average) {
    how = a.count_include_pad ? algorithm::pooling_avg_include_padding : algorithm::pooling_avg_exclude_padding;
    if (a.count_include_pad && overhang)
      b.unsupported("count_include_pad together with a ceil_mode whose last window hangs over the pads");
  }
  build(b, how, {a.kernel[0], a.kernel[1]}, {a.strides[0], a.strides[1]}, {a.pads[0], a.pads[1]}, after);
}

void build_global_average_pool(layer_builder& b, const metadata::global_average_pool_layer& /*a*/) {
  auto in = b.input_shape(0);
  if (in.size() != 4)
    b.unsupported("its operand must have 4 axes");
  const extents whole{in[2], in[3]};
  build(b, dnnl::algorithm::pooling_avg_exclude_padding, whole, {1, 1}, {0, 0}, {0, 0});
}

} // namespace baton::gpu::cpu
