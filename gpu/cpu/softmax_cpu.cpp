#include "gpu/cpu/kernels.hpp"

namespace baton::gpu::cpu {
namespace {

template <class Forward>
void normalise(layer_builder& b, const operand& source, int axis, const operand& target) {
  typename Forward::desc wanted(dnnl::prop_kind::forward_inference, source.how, axis);
  typename Forward::primitive_desc d(wanted, user_scratchpad(), cpu_engine());
  b.add(Forward(d), d.scratchpad_desc(), {{DNNL_ARG_SRC, source}, {DNNL_ARG_DST, target}});
}

} // namespace

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
  auto target = b.plain_output(0, shape);
  if (a.logarithm)
    normalise<dnnl::logsoftmax_forward>(b, source, axis, target);
  else
    normalise<dnnl::softmax_forward>(b, source, axis, target);
}

} // namespace baton::gpu::cpu
