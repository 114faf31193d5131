#include "gpu/cpu/kernels.hpp"

namespace baton::gpu::cpu {

void build_softmax(layer_builder& b, const metadata::softmax_layer& a) {
  auto shape = b.input_shape(0);
  auto axis = static_cast<int>(a.axis);
  if (a.flatten) {
    extents outer(shape.begin(), shape.begin() + axis);
    extents inner(shape.begin() + axis, shape.end());
    shape = {elements_of(outer), elements_of(inner)};
    axis = 1;
  }
  auto source = b.plain_input(0, shape);
  dnnl::softmax_forward::desc wanted(dnnl::prop_kind::forward_inference, source.how, axis);
  dnnl::softmax_forward::primitive_desc d(wanted, user_scratchpad(), cpu_engine());
  b.add(dnnl::softmax_forward(d), d.scratchpad_desc(),
        {{DNNL_ARG_SRC, source}, {DNNL_ARG_DST, b.plain_output(0, shape)}});
}

} // namespace baton::gpu::cpu
