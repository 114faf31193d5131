#include <algorithm>
#include <cmath>

#include "gpu/cpu/kernels.hpp"

namespace baton::gpu::cpu {
namespace {

/// oneDNN's windows are odd. One of even size reaches one channel further up than down.
class even_lrn_step final : public step {
public:
  place from;
  place to;
  std::int64_t outer = 1;
  std::int64_t channels = 1;
  std::int64_t inner = 1;
  metadata::lrn_layer a;

  void run(const run_context& context) const override {
    const auto* x = reinterpret_cast<const float*>(context.values.at(from));
    auto* y = reinterpret_cast<float*>(context.values.at(to));
    const auto scale = a.alpha / static_cast<float>(a.size);
    for (std::int64_t n = 0; n < outer; ++n, x += channels * inner, y += channels * inner)
      for (std::int64_t c = 0; c < channels; ++c) {
        const auto first = std::max<std::int64_t>(0, c - (a.size - 1) / 2);
        const auto last = std::min(channels - 1, c + a.size / 2);
        for (std::int64_t i = 0; i < inner; ++i) {
          float sum = 0;
          for (auto k = first; k <= last; ++k)
            sum += x[k * inner + i] * x[k * inner + i];
          y[c * inner + i] = x[c * inner + i] / std::pow(a.bias + scale * sum, a.beta);
        }
      }
  }
};

} // namespace

void build_lrn(layer_builder& b, const metadata::lrn_layer& a) {
  const auto shape = b.input_shape(0);
  const auto inner = elements_of(shape) / shape[0] / shape[1];
  if (a.size % 2 == 0) {
    auto s = std::make_unique<even_lrn_step>();
    s->outer = shape[0];
    s->channels = shape[1];
    s->inner = inner;
    s->a = a;
    s->from = b.plain_input(0).at;
    s->to = b.plain_output(0).at;
    return b.add(std::move(s));
  }
  const bool picture = shape.size() == 4; // else the axes behind the channels are seen as one
  const auto source = picture ? b.input(0) : b.plain_input(0, {shape[0], shape[1], 1, inner});
  // Wider than twice the channels a window sees all of them, and oneDNN's own arithmetic stays small.
  const auto size = std::min(a.size, 2 * shape[1] + 1);
  const auto alpha = a.alpha * static_cast<float>(size) / static_cast<float>(a.size);
  const dnnl::lrn_forward::desc wanted(dnnl::prop_kind::forward_inference, dnnl::algorithm::lrn_across_channels,
                                       source.how, size, alpha, a.beta, a.bias);
  const dnnl::lrn_forward::primitive_desc d(wanted, user_scratchpad(), cpu_engine());
  const auto target = picture ? b.output(0, source.how) : b.plain_output(0, source.how.dims());
  b.add(dnnl::lrn_forward(d), d.scratchpad_desc(), {{DNNL_ARG_SRC, source}, {DNNL_ARG_DST, target}});
}

} // namespace baton::gpu::cpu
