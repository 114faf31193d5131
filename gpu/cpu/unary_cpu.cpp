#include <algorithm>
#include <cmath>
#include <string>

#include "gpu/cpu/kernels.hpp"
#include "gpu/failure.hpp"
#include "metadata/numeric.hpp"

namespace baton::gpu::cpu {
namespace {

using dnnl::algorithm;
using metadata::activation;
using metadata::function;

/// A function as oneDNN has it: one of its own, or a clip of a linear one.
struct eltwise {
  algorithm how = algorithm::eltwise_linear;
  float alpha = 1.0F;
  float beta = 0.0F;
  bool clipped = false; ///< to [0, 1]
};

eltwise eltwise_of(const activation& f) {
  const auto alpha = static_cast<float>(f.alpha);
  const auto beta = static_cast<float>(f.beta);
  switch (f.what) {
  case function::none: return {};
  case function::relu: return {algorithm::eltwise_relu, 0.0F};
  case function::leaky_relu: return {algorithm::eltwise_relu, alpha};
  case function::clip: return {algorithm::eltwise_clip, std::min(alpha, beta), beta}; // the upper bound is applied last
  case function::elu: return {algorithm::eltwise_elu, alpha};
  case function::sigmoid: return {algorithm::eltwise_logistic, 0.0F};
  case function::tanh: return {algorithm::eltwise_tanh, 0.0F};
  case function::hard_sigmoid: return {algorithm::eltwise_linear, alpha, beta, true};
  case function::hard_swish: return {algorithm::eltwise_hardswish, 0.0F};
  case function::gelu: return {algorithm::eltwise_gelu_erf, 0.0F};
  case function::gelu_tanh: return {algorithm::eltwise_gelu_tanh, 0.0F};
  case function::exp: return {algorithm::eltwise_exp, 0.0F};
  case function::sqrt: return {algorithm::eltwise_sqrt, 0.0F};
  case function::absolute: return {algorithm::eltwise_abs, 0.0F};
  case function::negative: return {algorithm::eltwise_linear, -1.0F};
  case function::power: return {algorithm::eltwise_pow, 1.0F, beta};
  case function::erf: break;
  }
  raise(errc::internal, "oneDNN has no function " + std::string(to_string(f.what)));
}

/// What oneDNN does not have, and other types than float32.
template <class T, class F>
class loop_step final : public step {
public:
  loop_step(place from, place to, std::int64_t count, F f) : from_(from), to_(to), count_(count), f_(f) {}

  void run(const run_context& context) const override {
    const auto* from = reinterpret_cast<const T*>(context.values.at(from_));
    auto* to = reinterpret_cast<T*>(context.values.at(to_));
    for (std::int64_t i = 0; i < count_; ++i)
      to[i] = f_(from[i]);
  }

private:
  place from_;
  place to_;
  std::int64_t count_;
  F f_;
};

template <class T, class F>
void add_loop(layer_builder& b, F f) {
  const auto from = b.plain_place(0);
  b.add(std::make_unique<loop_step<T, F>>(from, b.plain_output_place(0), elements_of(b.output_shape()), f));
}

/// relu, clip, absolute and negative of any numeric type; no whole number overflows.
template <class T>
void build_loop(layer_builder& b, const activation& f) {
  const auto low = metadata::to_element<T>(f.alpha);
  const auto high = metadata::to_element<T>(f.beta);
  switch (f.what) {
  case function::relu: return add_loop<T>(b, [](T x) { return x > T{} ? x : T{}; });
  case function::clip: return add_loop<T>(b, [low, high](T x) { return std::min<T>(std::max<T>(x, low), high); });
  case function::absolute:
  case function::negative: {
    const auto always = f.what == function::negative;
    return add_loop<T>(b, [always](T x) {
      if (!always && !(x < T{}))
        return x;
      if constexpr (std::is_integral_v<T>)
        return static_cast<T>(std::uint64_t{0} - static_cast<std::uint64_t>(x));
      else
        return T(-x);
    });
  }
  default: b.unsupported("it must be float32");
  }
}

/// No post-ops: with them oneDNN leaves a result of one axis unwritten.
void add_eltwise(layer_builder& b, const eltwise& e, const operand& source, const operand& target) {
  const dnnl::eltwise_forward::desc wanted(dnnl::prop_kind::forward_inference, e.how, source.how, e.alpha, e.beta);
  const dnnl::eltwise_forward::primitive_desc d(wanted, user_scratchpad(), cpu_engine());
  b.add(dnnl::eltwise_forward(d), d.scratchpad_desc(), {{DNNL_ARG_SRC, source}, {DNNL_ARG_DST, target}});
}

} // namespace

void append_activation(dnnl::post_ops& ops, const activation& act) {
  if (act == activation::none)
    return;
  const auto e = eltwise_of(act);
  ops.append_eltwise(1.0F, e.how, e.alpha, e.beta);
  if (e.clipped)
    ops.append_eltwise(1.0F, algorithm::eltwise_clip, 0.0F, 1.0F);
}

void build_unary(layer_builder& b, const metadata::unary_layer& a) {
  const auto type = b.type(b.input_value(0));
  if (type != metadata::element_type::float32)
    return metadata::with_type(type, [&]<class T>(std::type_identity<T>) {
      if constexpr (std::is_same_v<T, metadata::boolean_element>)
        b.unsupported("it takes numbers, not bool");
      else
        build_loop<T>(b, a.f);
    });
  if (a.f.what == function::erf)
    return add_loop<float>(b, [](float x) { return std::erf(x); });
  auto source = b.input_of_any_type(0);
  auto target = b.output(0, source.how);
  const auto e = eltwise_of(a.f);
  add_eltwise(b, e, source, target);
  if (e.clipped)
    add_eltwise(b, {algorithm::eltwise_clip, 0.0F, 1.0F}, target, target);
}

} // namespace baton::gpu::cpu
