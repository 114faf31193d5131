#include <cstdint>

#include "gpu/cpu/kernels.hpp"

namespace baton::gpu::cpu {
namespace {

/// oneDNN has no int64: an ordinary loop nest, one counter per axis of the result.
class transpose_int64_step final : public step {
public:
  place from;
  place to;
  extents out;     ///< of the result
  extents strides; ///< in the operand, of each axis of the result

  void run(const run_context& context) const override {
    const auto* source = reinterpret_cast<const std::int64_t*>(context.values.at(from));
    auto* target = reinterpret_cast<std::int64_t*>(context.values.at(to));
    auto count = elements_of(out);
    for (std::int64_t i = 0; i < count; ++i) {
      std::int64_t rest = i;
      std::int64_t at = 0;
      for (std::size_t axis = out.size(); axis-- > 0;) {
        at += rest % out[axis] * strides[axis];
        rest /= out[axis];
      }
      target[i] = source[at];
    }
  }
};

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
  if (b.type(b.input_value(0)) == metadata::element_type::int64) {
    auto s = std::make_unique<transpose_int64_step>();
    s->from = b.plain_place(0);
    s->to = b.plain_output_place(0);
    s->out = out;
    for (auto axis : a.permutation)
      s->strides.push_back(in_strides.at(axis));
    b.add(std::move(s));
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
