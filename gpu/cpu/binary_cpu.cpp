#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <type_traits>

#include "gpu/cpu/kernels.hpp"
#include "metadata/numeric.hpp"

namespace baton::gpu::cpu {
namespace {

using metadata::binary_layer;
using kind = binary_layer::kind;

/// The loops over a result of two operands, either repeated along some axes. Neighbouring axes that go on alike in all
/// three are one loop, so most broadcasts are a loop of rows: both advance, or one stands still.
struct broadcast_loops {
  struct loop {
    std::int64_t count;
    std::int64_t a;
    std::int64_t b;
  };
  std::vector<loop> loops{{1, 0, 0}}; ///< outermost first; steps in elements

  broadcast_loops(const extents& a, const extents& b, const extents& out) {
    const auto left = strides(a, out.size());
    const auto right = strides(b, out.size());
    for (std::size_t axis = 0; axis < out.size(); ++axis) {
      if (out[axis] == 1)
        continue;
      const loop l{out[axis], left[axis], right[axis]};
      auto& before = loops.back();
      if (before.count == 1)
        before = l;
      else if (before.a == l.a * l.count && before.b == l.b * l.count)
        before = {before.count * l.count, l.a, l.b};
      else
        loops.push_back(l);
    }
  }

  static extents strides(const extents& shape, std::size_t rank) {
    auto result = row_major_strides(shape);
    for (std::size_t i = 0; i < shape.size(); ++i)
      if (shape[i] == 1)
        result[i] = 0;
    result.insert(result.begin(), rank - shape.size(), 0);
    return result;
  }
};

/// Plain operands of any numeric type.
template <class T, class Op>
class loop_step final : public step {
public:
  loop_step(place a, place b, place out, broadcast_loops loops, Op op)
      : a_(a), b_(b), out_(out), loops_(std::move(loops.loops)), op_(op) {}

  void run(const run_context& context) const override {
    const auto* a = reinterpret_cast<const T*>(context.values.at(a_));
    const auto* b = reinterpret_cast<const T*>(context.values.at(b_));
    auto* out = reinterpret_cast<T*>(context.values.at(out_));
    std::array<std::int64_t, DNNL_MAX_NDIMS> at{};
    const auto& inner = loops_.back();
    while (true) {
      row(a, b, out, inner);
      out += inner.count;
      auto axis = loops_.size() - 1;
      for (; axis-- > 0;) {
        const auto& l = loops_[axis];
        a += l.a;
        b += l.b;
        if (++at[axis] < l.count)
          break;
        at[axis] = 0;
        a -= l.a * l.count;
        b -= l.b * l.count;
      }
      if (axis == SIZE_MAX)
        return;
    }
  }

private:
  void row(const T* a, const T* b, T* out, const broadcast_loops::loop& l) const {
    if (l.a == 1 && l.b == 1) {
      for (std::int64_t i = 0; i < l.count; ++i)
        out[i] = op_(a[i], b[i]);
    } else if (l.a == 1 && l.b == 0) {
      for (std::int64_t i = 0; i < l.count; ++i)
        out[i] = op_(a[i], *b);
    } else if (l.a == 0 && l.b == 1) {
      for (std::int64_t i = 0; i < l.count; ++i)
        out[i] = op_(*a, b[i]);
    } else {
      for (std::int64_t i = 0; i < l.count; ++i)
        out[i] = op_(a[i * l.a], b[i * l.b]);
    }
  }

  place a_;
  place b_;
  place out_;
  std::vector<broadcast_loops::loop> loops_;
  Op op_;
};

template <class T, kind Op>
struct operation {
  T operator()(T x, T y) const {
    if constexpr (std::is_integral_v<T>)
      return whole(x, y);
    else if constexpr (Op == kind::add)
      return T(x + y);
    else if constexpr (Op == kind::subtract)
      return T(x - y);
    else if constexpr (Op == kind::multiply)
      return T(x * y);
    else if constexpr (Op == kind::divide)
      return T(x / y);
    else
      return T(std::pow(x, y));
  }

private:
  /// Unsigned, so that overflow wraps around.
  static T whole(T x, T y) {
    const std::uint64_t a = static_cast<std::make_unsigned_t<T>>(x);
    const std::uint64_t b = static_cast<std::make_unsigned_t<T>>(y);
    switch (Op) {
    case kind::add: return static_cast<T>(a + b);
    case kind::subtract: return static_cast<T>(a - b);
    case kind::multiply: return static_cast<T>(a * b);
    case kind::divide:
      if (y == 0)
        return 0;
      if constexpr (std::is_signed_v<T>)
        if (y == T{-1})
          return static_cast<T>(0 - a);
      return static_cast<T>(x / y);
    case kind::power: return 0; // float32 only
    }
    return 0;
  }
};

template <class T>
void build_loop(layer_builder& b, kind op) {
  const auto left = b.plain_place(0);
  const auto right = b.plain_place(1);
  const auto out = b.plain_output_place(0);
  const broadcast_loops loops(b.input_shape(0), b.input_shape(1), b.output_shape());
  const auto make = [&]<kind Op>() {
    b.add(std::make_unique<loop_step<T, operation<T, Op>>>(left, right, out, loops, operation<T, Op>()));
  };
  switch (op) {
  case kind::add: return make.template operator()<kind::add>();
  case kind::subtract: return make.template operator()<kind::subtract>();
  case kind::multiply: return make.template operator()<kind::multiply>();
  case kind::divide: return make.template operator()<kind::divide>();
  case kind::power:
    if constexpr (std::is_same_v<T, float>)
      return make.template operator()<kind::power>();
    else
      b.unsupported("it must be float32");
  }
}

std::optional<dnnl::algorithm> algorithm_of(kind op) {
  switch (op) {
  case kind::add: return dnnl::algorithm::binary_add;
  case kind::subtract: return dnnl::algorithm::binary_sub;
  case kind::multiply: return dnnl::algorithm::binary_mul;
  case kind::divide: return dnnl::algorithm::binary_div;
  case kind::power: break;
  }
  return std::nullopt;
}

/// oneDNN's primitive, if it has a fast one: its reference is up to 1000 times slower.
std::optional<dnnl::binary::primitive_desc> fast(const binary_layer& l, const layout& a, const layout& b) {
  const auto algorithm = algorithm_of(l.op);
  if (!algorithm)
    return std::nullopt;
  auto attributes = user_scratchpad();
  dnnl::post_ops ops;
  append_activation(ops, l.act);
  attributes.set_post_ops(ops);
  try {
    dnnl::binary::primitive_desc d({*algorithm, a, b, a}, attributes, cpu_engine());
    if (std::string_view(d.impl_info_str()).find("ref") == std::string_view::npos)
      return d;
  } catch (const dnnl::error&) {
    // Not for these layouts.
  }
  return std::nullopt;
}

void run(layer_builder& b, const dnnl::binary::primitive_desc& d, const operand& left, const operand& right) {
  auto target = b.output(0, left.how);
  b.add(dnnl::binary(d), d.scratchpad_desc(),
        {{DNNL_ARG_SRC_0, left}, {DNNL_ARG_SRC_1, right}, {DNNL_ARG_DST, target}});
}

/// `whole` has the result's extents; the other is repeated, and comes second in oneDNN.
bool build_repeated(layer_builder& b, const binary_layer& l, std::size_t whole) {
  const auto other = 1 - whole;
  const auto out = b.output_shape();
  auto shape = b.input_shape(other);
  shape.insert(shape.begin(), std::max<std::size_t>(out.size(), 1) - shape.size(), 1);
  const auto left = b.input_of_any_type(whole);
  if (const auto d = fast(l, left.how, plain_layout(shape))) {
    run(b, *d, left, b.plain_input(other, shape));
    return true;
  }
  // The other's channels in the first one's blocks: of an axis of extent 1 there is nothing to move.
  const auto plain = b.plain_input(whole);
  if (const auto d = fast(l, plain.how, plain_layout(shape))) {
    run(b, *d, plain, b.plain_input(other, shape));
    return true;
  }
  return false;
}

/// The activation, in place.
void activate(layer_builder& b, const metadata::activation& act) {
  if (act == metadata::activation::none)
    return;
  const auto y = operand{plain_layout(b.output_shape()), b.plain_output().at};
  auto attributes = user_scratchpad();
  dnnl::post_ops ops;
  append_activation(ops, act);
  attributes.set_post_ops(ops);
  dnnl::eltwise_forward::desc same(dnnl::prop_kind::forward_inference, dnnl::algorithm::eltwise_linear, y.how, 1.0F,
                                   0.0F);
  dnnl::eltwise_forward::primitive_desc d(same, attributes, cpu_engine());
  b.add(dnnl::eltwise_forward(d), d.scratchpad_desc(), {{DNNL_ARG_SRC, y}, {DNNL_ARG_DST, y}});
}

bool build_float(layer_builder& b, const binary_layer& l) {
  const auto out = b.output_shape();
  const auto left_whole = b.input_shape(0) == out;
  const auto right_whole = b.input_shape(1) == out;
  if (left_whole && right_whole) { // stays in the layout of the first operand
    const auto left = b.input_of_any_type(0);
    const auto right = b.input_of_any_type(1);
    // Neither is rounded for the other's sake.
    const auto how = right.how.data_type() == number::f32 ? with_type(left.how, number::f32) : left.how;
    const auto d = fast(l, how, how);
    if (d)
      run(b, *d, b.in_layout(left, how), b.in_layout(right, how));
    return d.has_value();
  }
  if (left_whole)
    return build_repeated(b, l, 0);
  const auto commutes = l.op == kind::add || l.op == kind::multiply;
  return right_whole && commutes && build_repeated(b, l, 1);
}

} // namespace

void build_binary(layer_builder& b, const binary_layer& l) {
  const auto type = b.type(b.input_value(0));
  if (type != b.type(b.input_value(1)))
    b.unsupported("its operands must be of one type");
  if (type == metadata::element_type::float32) {
    if (build_float(b, l))
      return;
    build_loop<float>(b, l.op);
    return activate(b, l.act);
  }
  metadata::with_type(type, [&]<class T>(std::type_identity<T>) {
    if constexpr (std::is_same_v<T, metadata::boolean_element> || std::is_same_v<T, float>)
      b.unsupported("it takes numbers, not bool");
    else
      build_loop<T>(b, l.op);
  });
}

} // namespace baton::gpu::cpu
