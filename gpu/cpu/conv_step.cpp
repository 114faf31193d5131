#include "gpu/cpu/conv_step.hpp"

#include <type_traits>
#include <utility>
#include <vector>

namespace baton::gpu::cpu {
namespace {

class winograd_step final : public step {
public:
  winograd_step(const winograd& how, const conv_places& at) : how_(how), at_(at) {}

  void run(const run_context& context) const override {
    const auto floats = [&](const place& p) { return reinterpret_cast<float*>(context.values.at(p)); };
    cpu::run(how_, {.source = floats(at_.source),
                    .weights = floats(at_.weights),
                    .bias = at_.bias ? floats(*at_.bias) : nullptr,
                    .target = floats(at_.target),
                    .scratch = floats(at_.scratch)});
  }

private:
  winograd how_;
  conv_places at_;
};

std::unique_ptr<step> make_step(const winograd& how, const conv_places& at, std::size_t /*slot*/) {
  return std::make_unique<winograd_step>(how, at);
}

std::unique_ptr<step> make_step(const convolution::description& how, const conv_places& at, std::size_t slot) {
  std::vector<primitive_step::argument> arguments{{DNNL_ARG_SRC, {how.src_desc(), at.source}},
                                                  {DNNL_ARG_WEIGHTS, {how.weights_desc(), at.weights}},
                                                  {DNNL_ARG_DST, {how.dst_desc(), at.target}}};
  if (at.bias)
    arguments.push_back({DNNL_ARG_BIAS, {how.bias_desc(), *at.bias}});
  if (how.scratchpad_desc().get_size() > 0)
    arguments.push_back({DNNL_ARG_SCRATCHPAD, {how.scratchpad_desc(), at.scratch}});
  return std::make_unique<primitive_step>(primitive_of(how), std::move(arguments), slot);
}

} // namespace

std::unique_ptr<step> make_step(const conv_kernel& k, const conv_places& at, std::size_t slot) {
  return std::visit([&](const auto& how) { return make_step(how, at, slot); }, k.how);
}

} // namespace baton::gpu::cpu
