#include <algorithm>
#include <cstring>

#include "gpu/cpu/kernels.hpp"

namespace baton::gpu::cpu {
namespace {

using dnnl::batch_normalization_forward;
using dnnl::normalization_flags;

class all_true_step final : public step {
public:
  all_true_step(place to, std::size_t count) : to_(to), count_(count) {}
  void run(const run_context& context) const override { std::memset(context.values.at(to_), 1, count_); }

private:
  place to_;
  std::size_t count_;
};

} // namespace

void build_batch_norm(layer_builder& b, const metadata::batch_norm_layer& a) {
  enum role : std::size_t { x, scale, shift, mean, variance };
  auto shape = b.input_shape(x);
  if (shape.size() < 2)
    b.unsupported("its operand must have at least 2 axes");
  const auto channels = shape[1];
  const bool fits = shape.size() <= 5; // oneDNN's limit; more axes are seen as one
  auto source =
      fits ? b.input_of_any_type(x) : b.plain_input(x, {shape[0], channels, elements_of(shape) / shape[0] / channels});
  auto flags = normalization_flags::use_global_stats | normalization_flags::use_scale | normalization_flags::use_shift;
  if (a.act == metadata::activation::relu)
    flags |= normalization_flags::fuse_norm_relu;
  batch_normalization_forward::primitive_desc d({dnnl::prop_kind::forward_inference, source.how, a.epsilon, flags},
                                                user_scratchpad(), cpu_engine());
  auto target = fits ? b.output(0, source.how) : b.plain_output(0, source.how.dims());
  b.add(batch_normalization_forward(d), d.scratchpad_desc(),
        {{DNNL_ARG_SRC, source},
         {DNNL_ARG_MEAN, b.plain_input(mean)},
         {DNNL_ARG_VARIANCE, b.plain_input(variance)},
         {DNNL_ARG_SCALE, b.plain_input(scale)},
         {DNNL_ARG_SHIFT, b.plain_input(shift)},
         {DNNL_ARG_DST, target}});
}

void build_all_true(layer_builder& b, const metadata::all_true_layer& /*a*/) {
  const auto count = static_cast<std::size_t>(elements_of(b.output_shape()));
  b.add(std::make_unique<all_true_step>(b.plain_output_place(0), count));
}

void build_copy(layer_builder& b, const metadata::copy_layer& /*a*/) {
  if (b.type(b.input_value(0)) == metadata::element_type::float32) {
    auto source = b.input_of_any_type(0);
    b.reorder(source, b.plain_output());
    return;
  }
  auto bytes = static_cast<std::size_t>(elements_of(b.output_shape())) * size_of(b.type(b.input_value(0)));
  auto from = b.plain_place(0);
  b.add(std::make_unique<copy_step>(from, b.plain_output_place(0), bytes));
}

} // namespace baton::gpu::cpu
