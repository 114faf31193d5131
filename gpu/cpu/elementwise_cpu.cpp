#include <algorithm>
#include <cstring>

#include "gpu/cpu/kernels.hpp"

namespace baton::gpu::cpu {
namespace {

using dnnl::batch_normalization_forward;
using dnnl::normalization_flags;

/// Writes `from`, of extents `shape`, repeated into the extents `out` of the same rank. Only for a sum none of whose
/// operands has the result's extents.
class expand_step final : public step {
public:
  expand_step(const operand& from, const extents& shape, const operand& to, extents out)
      : from_(from.at), to_(to.at), out_(std::move(out)), strides_(shape.size()) {
    std::int64_t stride = 1;
    for (std::size_t i = shape.size(); i-- > 0;) {
      strides_[i] = shape[i] == 1 ? 0 : stride;
      stride *= shape[i];
    }
  }

  void run(const run_context& context) const override {
    const auto* from = reinterpret_cast<const float*>(context.values.at(from_));
    auto* to = reinterpret_cast<float*>(context.values.at(to_));
    auto count = elements_of(out_);
    for (std::int64_t i = 0; i < count; ++i) {
      std::int64_t rest = i;
      std::int64_t source = 0;
      for (std::size_t axis = out_.size(); axis-- > 0;) {
        source += rest % out_[axis] * strides_[axis];
        rest /= out_[axis];
      }
      to[i] = from[source];
    }
  }

private:
  place from_;
  place to_;
  extents out_;
  extents strides_;
};

class all_true_step final : public step {
public:
  all_true_step(place to, std::size_t count) : to_(to), count_(count) {}
  void run(const run_context& context) const override { std::memset(context.values.at(to_), 1, count_); }

private:
  place to_;
  std::size_t count_;
};

void relu(layer_builder& b, const operand& source, const operand& target) {
  dnnl::eltwise_forward::desc wanted(dnnl::prop_kind::forward_inference, dnnl::algorithm::eltwise_relu, source.how,
                                     0.0F, 0.0F);
  dnnl::eltwise_forward::primitive_desc d(wanted, user_scratchpad(), cpu_engine());
  b.add(dnnl::eltwise_forward(d), d.scratchpad_desc(), {{DNNL_ARG_SRC, source}, {DNNL_ARG_DST, target}});
}

void add_two(layer_builder& b, const operand& left, const operand& right, const operand& target,
             metadata::activation act) {
  auto attributes = user_scratchpad();
  dnnl::post_ops ops;
  append_activation(ops, act);
  attributes.set_post_ops(ops);
  dnnl::binary::primitive_desc d({dnnl::algorithm::binary_add, left.how, right.how, target.how}, attributes,
                                 cpu_engine());
  b.add(dnnl::binary(d), d.scratchpad_desc(),
        {{DNNL_ARG_SRC_0, left}, {DNNL_ARG_SRC_1, right}, {DNNL_ARG_DST, target}});
}

} // namespace

void build_relu(layer_builder& b, const metadata::relu_layer& /*a*/) {
  auto source = b.input(0);
  relu(b, source, b.output(0, source.how));
}

void build_batch_norm(layer_builder& b, const metadata::batch_norm_layer& a) {
  enum role : std::size_t { x, scale, shift, mean, variance };
  auto shape = b.input_shape(x);
  if (shape.size() < 2)
    b.unsupported("its operand must have at least 2 axes");
  const auto channels = shape[1];
  const bool fits = shape.size() <= 5; // oneDNN's limit; more axes are seen as one
  auto source = fits ? b.input(x) : b.plain_input(x, {shape[0], channels, elements_of(shape) / shape[0] / channels});
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

void build_add(layer_builder& b, const metadata::add_layer& a) {
  const auto out = b.output_shape();
  const auto count = b.what().inputs.size();
  bool alike = true; // no broadcasting: stays in the layout of the first operand
  std::size_t first = count;
  for (std::size_t i = 0; i < count; ++i) {
    b.require_float(b.input_value(i));
    const bool whole = b.input_shape(i) == out;
    alike = alike && whole;
    if (whole && first == count)
      first = i;
  }
  // oneDNN broadcasts its second operand only, and is slow at it (1000 times) in blocked layouts.
  auto get = [&](std::size_t i) {
    if (alike)
      return b.input(i);
    auto shape = b.input_shape(i);
    shape.insert(shape.begin(), std::max<std::size_t>(out.size(), 1) - shape.size(), 1);
    return b.plain_input(i, shape);
  };
  if (alike && count == 1) {
    auto source = get(0);
    auto target = b.output(0, source.how);
    a.act == metadata::activation::relu ? relu(b, source, target) : b.reorder(source, target);
    return;
  }
  operand sum;
  operand target;
  if (first == count) {
    first = 0;
    auto source = get(0);
    target = b.plain_output();
    b.add(std::make_unique<expand_step>(source, source.how.dims(), target, target.how.dims()));
    sum = target;
  } else {
    sum = get(first);
    target = alike ? b.output(0, sum.how) : b.plain_output();
  }
  std::size_t done = 1;
  for (std::size_t i = 0; i < count; ++i) {
    if (i == first)
      continue;
    auto next = get(i);
    if (alike)
      next = b.in_layout(next, sum.how);
    ++done;
    add_two(b, sum, next, target, done == count ? a.act : metadata::activation::none);
    sum = target;
  }
}

void build_all_true(layer_builder& b, const metadata::all_true_layer& /*a*/) {
  const auto count = static_cast<std::size_t>(elements_of(b.output_shape()));
  b.add(std::make_unique<all_true_step>(b.plain_output_place(0), count));
}

void build_copy(layer_builder& b, const metadata::copy_layer& /*a*/) {
  if (b.type(b.input_value(0)) == metadata::element_type::float32) {
    auto source = b.input(0);
    b.reorder(source, b.plain_output());
    return;
  }
  auto bytes = static_cast<std::size_t>(elements_of(b.output_shape())) * size_of(b.type(b.input_value(0)));
  auto from = b.plain_place(0);
  b.add(std::make_unique<copy_step>(from, b.plain_output_place(0), bytes));
}

} // namespace baton::gpu::cpu
