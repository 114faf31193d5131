#include "gpu/cuda/activation.hpp"
#include "gpu/cuda/elements.hpp"
#include "gpu/cuda/kernels.hpp"
#include "gpu/cuda/launch.hpp"

namespace baton::gpu::cuda {
namespace {

using metadata::function;

/// relu, clip, absolute and negative of any numeric type; no whole number overflows.
template <class T>
struct simple_function {
  function what;
  T low{};
  T high{};
  __host__ __device__ T operator()(T x) const {
    switch (what) {
    case function::relu: return x > T{} ? x : T{};
    case function::clip: {
      const auto raised = x < low ? low : x;
      return high < raised ? high : raised;
    }
    case function::absolute:
      if constexpr (std::is_unsigned_v<T>)
        return x;
      else
        return x < T{} ? opposite(x) : x;
    default: return opposite(x);
    }
  }

private:
  __host__ __device__ static T opposite(T x) {
    if constexpr (std::is_integral_v<T>)
      return static_cast<T>(std::uint64_t{0} - static_cast<std::uint64_t>(x));
    else
      return T(-x);
  }
};

template <class T, class F>
struct unary_element {
  F f;
  __host__ __device__ void operator()(std::int64_t i, span<const T> x, span<T> y) const { y[i] = f(x[i]); }
};

template <class T, class F>
void add_step(layer_builder& b, F f) {
  const auto count = elements_of(b.output_shape());
  b.add([=, x = b.input(0), y = b.output()](const run_context& c) {
    for_each_index(c.stream(), count, unary_element<T, F>{f}, c.read<T>(x, static_cast<std::size_t>(count)),
                   c.write<T>(y, static_cast<std::size_t>(count)));
  });
}

template <class T>
void build_simple(layer_builder& b, const metadata::activation& f) {
  switch (f.what) {
  case function::relu:
  case function::clip:
  case function::absolute:
  case function::negative:
    return add_step<T>(b, simple_function<T>{f.what, to_element<T>(f.alpha), to_element<T>(f.beta)});
  default: b.unsupported("it must be float32");
  }
}

} // namespace

void build_unary(layer_builder& b, const metadata::unary_layer& a) {
  with_element(b.type(b.input_value(0)), [&]<class T>(std::type_identity<T>) {
    if constexpr (std::is_same_v<T, float>)
      add_step<float>(b, make_activation(a.f));
    else if constexpr (std::is_same_v<T, boolean_element>)
      b.unsupported("it takes numbers, not bool");
    else
      build_simple<T>(b, a.f);
  });
}

} // namespace baton::gpu::cuda
