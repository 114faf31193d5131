#include <algorithm>
#include <cstring>
#include <string>

#include "gpu/cuda/box_index.hpp"
#include "gpu/cuda/kernels.hpp"
#include "gpu/cuda/launch.hpp"
#include "gpu/cuda/words.hpp"

namespace baton::gpu::cuda {
namespace {

using kind = metadata::pad_layer::kind;

struct padded_axis {
  std::int64_t before = 0;
  std::int64_t inside = 1; ///< the operand's extent
  std::int64_t stride = 1; ///< of the operand
};

template <class Word>
struct pad_word {
  box_extents out;
  ::cuda::std::array<padded_axis, box_extents::most> axes; ///< as `out` has them
  kind mode;
  Word fill;
  __host__ __device__ void operator()(std::int64_t i, span<const Word> from, span<Word> to) const {
    std::int64_t source = 0;
    auto padding = false;
    out.walk(i, [&](std::size_t axis, std::int64_t at) {
      const auto& a = axes[axis];
      auto x = at - a.before;
      if (x < 0) {
        padding = padding || mode == kind::constant;
        x = mode == kind::reflect ? -x : 0;
      } else if (x >= a.inside) {
        padding = padding || mode == kind::constant;
        x = mode == kind::reflect ? 2 * (a.inside - 1) - x : a.inside - 1;
      }
      source += x * a.stride;
    });
    to[i] = padding ? fill : from[source];
  }
};

} // namespace

void build_pad(layer_builder& b, const metadata::pad_layer& a) {
  const auto shape = b.input_shape(0);
  const auto strides = row_major_strides(shape);
  box_extents out;
  ::cuda::std::array<padded_axis, box_extents::most> axes{};
  auto was_padded = true;
  for (auto axis = shape.size(); axis-- > 0;) {
    const auto before = a.before[axis];
    const auto after = a.after[axis];
    if (a.mode == kind::reflect && std::max(before, after) >= shape[axis])
      b.unfit("it cannot reflect more elements than axis " + std::to_string(axis) + " has");
    const auto padded = before + after > 0;
    if (!padded && !was_padded) { // one with the axis inside of it
      out.multiply_outermost(shape[axis]);
      axes[out.axes() - 1].inside *= shape[axis];
      continue;
    }
    axes[out.axes()] = {before, shape[axis], strides[axis]};
    out.wrap(before + shape[axis] + after);
    was_padded = padded;
  }
  const auto from = b.input(0);
  const auto to = b.output();
  const auto count = elements_of(b.output_shape());
  const auto given = static_cast<std::size_t>(elements_of(shape));
  with_word(static_cast<std::int64_t>(size_of(b.type(b.input_value(0)))), [&]<class Word>(std::type_identity<Word>) {
    pad_word<Word> op{out, axes, a.mode, {}};
    std::memcpy(&op.fill, a.fill.data(), std::min(sizeof op.fill, a.fill.size()));
    b.add([=](const run_context& c) {
      for_each_index(c.stream(), count, op, c.read<Word>(from, given),
                     c.write<Word>(to, static_cast<std::size_t>(count)));
    });
  });
}

} // namespace baton::gpu::cuda
