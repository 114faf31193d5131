#include "gpu/cuda/activation.hpp"
#include "gpu/cuda/box_index.hpp"
#include "gpu/cuda/elements.hpp"
#include "gpu/cuda/kernels.hpp"
#include "gpu/cuda/launch.hpp"

namespace baton::gpu::cuda {
namespace {

using metadata::binary_layer;
using kind = binary_layer::kind;

/// All but powers; all threads take one branch.
template <class T>
struct arithmetic {
  kind op;
  __host__ __device__ T operator()(T x, T y) const {
    if constexpr (std::is_integral_v<T>)
      return whole(x, y);
    else
      switch (op) {
      case kind::add: return T(x + y);
      case kind::subtract: return T(x - y);
      case kind::multiply: return T(x * y);
      default: return T(x / y);
      }
  }

private:
  /// Unsigned, so that overflow wraps around.
  __host__ __device__ T whole(T x, T y) const {
    const std::uint64_t a = static_cast<std::make_unsigned_t<T>>(x);
    const std::uint64_t b = static_cast<std::make_unsigned_t<T>>(y);
    switch (op) {
    case kind::add: return static_cast<T>(a + b);
    case kind::subtract: return static_cast<T>(a - b);
    case kind::multiply: return static_cast<T>(a * b);
    default: break;
    }
    if (y == 0)
      return 0;
    if constexpr (std::is_signed_v<T>)
      if (y == -1)
        return static_cast<T>(0 - a);
    return static_cast<T>(x / y);
  }
};

struct power {
  __host__ __device__ float operator()(float x, float y) const { return ::cuda::std::pow(x, y); }
};

template <class Op>
struct activated {
  Op op;
  activation_op act;
  __host__ __device__ float operator()(float x, float y) const { return act(op(x, y)); }
};

template <class T, class Op>
struct binary_element {
  box_index<2> where;
  Op op;
  __host__ __device__ void operator()(std::int64_t i, span<const T> a, span<const T> b, span<T> out) const {
    const auto at = where(i);
    out[i] = op(a[at[0]], b[at[1]]);
  }
};

template <class T, class Op>
void add_step(layer_builder& b, Op op) {
  const auto out = b.output_shape();
  const auto a_steps = repeating_strides(b.input_shape(0), out.size());
  const auto b_steps = repeating_strides(b.input_shape(1), out.size());
  binary_element<T, Op> element{{}, op};
  for (auto axis = out.size(); axis-- > 0;)
    element.where.wrap(out[axis], {a_steps[axis], b_steps[axis]});
  const auto count = elements_of(out);
  const auto a_count = static_cast<std::size_t>(elements_of(b.input_shape(0)));
  const auto b_count = static_cast<std::size_t>(elements_of(b.input_shape(1)));
  b.add([=, x = b.input(0), y = b.input(1), to = b.output()](const run_context& c) {
    for_each_index(c.stream(), count, element, c.read<T>(x, a_count), c.read<T>(y, b_count),
                   c.write<T>(to, static_cast<std::size_t>(count)));
  });
}

void build_float(layer_builder& b, const binary_layer& l) {
  const auto plain = l.act == metadata::activation::none;
  if (l.op == kind::power)
    return add_step<float>(b, activated<power>{{}, make_activation(l.act)});
  if (plain)
    return add_step<float>(b, arithmetic<float>{l.op});
  return add_step<float>(b, activated<arithmetic<float>>{{l.op}, make_activation(l.act)});
}

} // namespace

void build_binary(layer_builder& b, const binary_layer& l) {
  const auto type = b.type(b.input_value(0));
  if (type != b.type(b.input_value(1)))
    b.unsupported("its operands must be of one type");
  with_element(type, [&]<class T>(std::type_identity<T>) {
    if constexpr (std::is_same_v<T, float>)
      build_float(b, l);
    else if constexpr (std::is_same_v<T, boolean_element>)
      b.unsupported("it takes numbers, not bool");
    else if (l.op == kind::power)
      b.unsupported("it must be float32");
    else
      add_step<T>(b, arithmetic<T>{l.op});
  });
}

} // namespace baton::gpu::cuda
