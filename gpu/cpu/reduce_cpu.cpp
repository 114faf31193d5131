#include "gpu/cpu/kernels.hpp"

namespace baton::gpu::cpu {
namespace {

/// Sums in double: the order then does not matter to the tolerance. Axes that stay go outside, those summed inside.
class mean_step final : public step {
public:
  struct loop {
    std::int64_t count;
    std::int64_t stride; ///< in the operand, in elements
  };
  place from;
  place to;
  std::vector<loop> kept;
  std::vector<loop> summed;

  void run(const run_context& context) const override {
    const auto* source = reinterpret_cast<const float*>(context.values.at(from));
    auto* target = reinterpret_cast<float*>(context.values.at(to));
    std::int64_t elements = 1;
    for (const auto& l : summed)
      elements *= l.count;
    visit(kept, source, [&](const float* x) {
      double sum = 0;
      visit(summed, x, [&](const float* y) { sum += *y; });
      *target++ = static_cast<float>(sum / static_cast<double>(elements));
    });
  }

private:
  template <class F>
  static void visit(const std::vector<loop>& loops, const float* x, F&& f) {
    std::array<std::int64_t, DNNL_MAX_NDIMS> at{};
    while (true) {
      f(x);
      auto axis = loops.size();
      for (; axis-- > 0;) {
        x += loops[axis].stride;
        if (++at[axis] < loops[axis].count)
          break;
        at[axis] = 0;
        x -= loops[axis].stride * loops[axis].count;
      }
      if (axis == SIZE_MAX)
        return;
    }
  }
};

void add(std::vector<mean_step::loop>& loops, std::int64_t count, std::int64_t stride) {
  if (count == 1)
    return;
  if (!loops.empty() && loops.back().stride == stride * count)
    loops.back() = {loops.back().count * count, stride};
  else
    loops.push_back({count, stride});
}

} // namespace

void build_reduce_mean(layer_builder& b, const metadata::reduce_mean_layer& a) {
  const auto shape = b.input_shape(0);
  const auto strides = row_major_strides(shape);
  std::vector<bool> gone(shape.size());
  for (const auto axis : a.axes)
    gone.at(axis) = true;
  auto s = std::make_unique<mean_step>();
  for (std::size_t axis = 0; axis < shape.size(); ++axis)
    add(gone[axis] ? s->summed : s->kept, shape[axis], strides[axis]);
  b.require_float(b.input_value(0));
  s->from = b.plain_place(0);
  s->to = b.plain_output_place(0);
  b.add(std::move(s));
}

} // namespace baton::gpu::cpu
