#include <algorithm>
#include <vector>

#include "gpu/cpu/kernels.hpp"
#include "gpu/window.hpp"

namespace baton::gpu::cpu {

namespace {

struct window {
  extents kernel;
  extents strides;
  extents dilations; ///< 0: none
  window_pads pads;
};

template <class Forward>
void add_pool(layer_builder& b, const typename Forward::desc& wanted, const operand& source) {
  typename Forward::primitive_desc d(wanted, user_scratchpad(), cpu_engine());
  auto target = b.output(0, d.dst_desc());
  b.add(Forward(d), d.scratchpad_desc(), {{DNNL_ARG_SRC, source}, {DNNL_ARG_DST, target}});
}

/// With `plain` the result lies in the plain layout.
void build(layer_builder& b, dnnl::algorithm how, const window& w, bool plain = false) {
  const auto source = plain ? b.plain_input(0) : b.input_of_any_type(0);
  const auto target = plain ? plain_layout(b.output_shape()) : any_layout(b.output_shape(), source.how.data_type());
  constexpr auto kind = dnnl::prop_kind::forward_inference;
  const auto dilated = std::any_of(w.dilations.begin(), w.dilations.end(), [](std::int64_t d) { return d > 0; });
  if (dilated)
    add_pool<dnnl::pooling_v2_forward>(
        b, {kind, how, source.how, target, w.strides, w.kernel, w.dilations, w.pads.before, w.pads.after}, source);
  else
    add_pool<dnnl::pooling_forward>(
        b, {kind, how, source.how, target, w.strides, w.kernel, w.pads.before, w.pads.after}, source);
}

/// Corrects means that were taken over whole windows: what hangs over the pads counts for nothing.
class overhang_step final : public step {
public:
  overhang_step(place at, std::int64_t planes, std::vector<float> factors)
      : at_(at), planes_(planes), factors_(std::move(factors)) {}

  void run(const run_context& context) const override {
    auto* y = reinterpret_cast<float*>(context.values.at(at_));
    for (std::int64_t plane = 0; plane < planes_; ++plane)
      for (const auto factor : factors_)
        *y++ *= factor;
  }

private:
  place at_;
  std::int64_t planes_;
  std::vector<float> factors_; ///< by pixel of the result
};

/// How many elements of window `at` lie in the input or its given pads.
std::int64_t counted(const metadata::pool_layer& a, std::size_t axis, std::int64_t at, std::int64_t extent,
                     std::int64_t before, std::int64_t after) {
  const auto room = extent + after - (at * a.strides[axis] - before);
  return std::min(a.kernel[axis], (room + a.dilations[axis] - 1) / a.dilations[axis]);
}

} // namespace

void build_pool(layer_builder& b, const metadata::pool_layer& a) {
  auto in = b.input_shape(0);
  auto out = b.output_shape();
  if (in.size() != 4)
    b.unsupported("its operand must have 4 axes");
  const auto given = pads_of(a.pads, a.same, a.kernel, a.strides, a.dilations, in, out);
  window w{{a.kernel[0], a.kernel[1]}, {a.strides[0], a.strides[1]}, {a.dilations[0] - 1, a.dilations[1] - 1}, given};
  // The last window may hang over the given pads (`ceil_mode`): the overhang is padding that counts for nothing.
  bool overhang = false;
  for (std::size_t i = 0; i < 2; ++i) {
    auto needed =
        (out[i + 2] - 1) * a.strides[i] + (a.kernel[i] - 1) * a.dilations[i] + 1 - in[i + 2] - given.before[i];
    overhang = overhang || needed > given.after[i];
    w.pads.after[i] = std::max(given.after[i], needed);
  }
  using dnnl::algorithm;
  if (a.mode == metadata::pool_layer::kind::max)
    return build(b, algorithm::pooling_max, w);
  if (!a.count_include_pad)
    return build(b, algorithm::pooling_avg_exclude_padding, w);
  build(b, algorithm::pooling_avg_include_padding, w, overhang);
  if (!overhang)
    return;
  std::vector<float> factors;
  for (std::int64_t i = 0; i < out[2]; ++i)
    for (std::int64_t j = 0; j < out[3]; ++j)
      factors.push_back(static_cast<float>(a.kernel[0] * a.kernel[1])
                        / static_cast<float>(counted(a, 0, i, in[2], given.before[0], given.after[0])
                                             * counted(a, 1, j, in[3], given.before[1], given.after[1])));
  b.add(std::make_unique<overhang_step>(place{.in = place::space::value, .root = b.what().outputs[0]}, out[0] * out[1],
                                        std::move(factors)));
}

namespace {

void build_global(layer_builder& b, dnnl::algorithm how) {
  auto in = b.input_shape(0);
  if (in.size() != 4)
    b.unsupported("its operand must have 4 axes");
  build(b, how, {{in[2], in[3]}, {1, 1}, {0, 0}, {{0, 0}, {0, 0}}});
}

} // namespace

void build_global_average_pool(layer_builder& b, const metadata::global_average_pool_layer& /*a*/) {
  build_global(b, dnnl::algorithm::pooling_avg_exclude_padding);
}

void build_global_max_pool(layer_builder& b, const metadata::global_max_pool_layer& /*a*/) {
  build_global(b, dnnl::algorithm::pooling_max);
}

} // namespace baton::gpu::cpu
