#include <algorithm>
#include <cstring>

#include "gpu/cpu/kernels.hpp"

namespace baton::gpu::cpu {
namespace {

/// Where the elements along one axis of the result come from; negative: they are padding.
using source_index = std::vector<std::int64_t>;

/// Goes through the result row by row; a row is a run of padding, of elements, and of padding again.
class pad_step final : public step {
public:
  place from;
  place to;
  std::vector<source_index> axes; ///< by axis; for a scalar one axis of one element
  extents strides;                ///< of the operand, in elements
  std::int64_t before = 0;        ///< of the last axis
  std::int64_t inside = 1;        ///< of the last axis
  std::size_t size = 0;           ///< of an element, in bytes
  std::array<std::byte, 8> fill{};

  void run(const run_context& context) const override {
    const auto* source = context.values.at(from);
    auto* target = context.values.at(to);
    std::array<std::size_t, DNNL_MAX_NDIMS> at{};
    const auto outer = axes.size() - 1;
    const auto width = axes.back().size();
    while (true) {
      std::int64_t row = 0;
      auto padding = false;
      for (std::size_t axis = 0; axis < outer; ++axis) {
        const auto i = axes[axis][at[axis]];
        padding = padding || i < 0;
        row += i * strides[axis];
      }
      write(target, padding ? nullptr : source + row * static_cast<std::int64_t>(size));
      target += width * size;
      auto axis = outer;
      for (; axis-- > 0;) {
        if (++at[axis] < axes[axis].size())
          break;
        at[axis] = 0;
      }
      if (axis == SIZE_MAX)
        return;
    }
  }

private:
  /// One row from the operand's row, or all padding if that is null.
  void write(std::byte* target, const std::byte* row) const {
    const auto& last = axes.back();
    for (std::size_t i = 0; i < last.size();) {
      if (row && static_cast<std::int64_t>(i) == before) {
        std::memcpy(target + i * size, row, static_cast<std::size_t>(inside) * size);
        i += static_cast<std::size_t>(inside);
        continue;
      }
      const auto* element = row && last[i] >= 0 ? row + last[i] * static_cast<std::int64_t>(size) : fill.data();
      std::copy_n(element, size, target + i * size);
      ++i;
    }
  }
};

source_index indices(metadata::pad_layer::kind mode, std::int64_t before, std::int64_t extent, std::int64_t after) {
  using kind = metadata::pad_layer::kind;
  source_index result;
  for (auto i = -before; i < extent + after; ++i) {
    const auto inside = i >= 0 && i < extent;
    if (inside)
      result.push_back(i);
    else if (mode == kind::constant)
      result.push_back(-1);
    else if (mode == kind::edge)
      result.push_back(std::clamp<std::int64_t>(i, 0, extent - 1));
    else
      result.push_back(i < 0 ? -i : 2 * (extent - 1) - i);
  }
  return result;
}

} // namespace

void build_pad(layer_builder& b, const metadata::pad_layer& a) {
  auto shape = b.input_shape(0);
  auto before = a.before;
  auto after = a.after;
  if (shape.empty()) {
    shape = {1};
    before = after = {0};
  }
  auto s = std::make_unique<pad_step>();
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (a.mode == metadata::pad_layer::kind::reflect && std::max(before[axis], after[axis]) >= shape[axis])
      b.unfit("it cannot reflect more elements than axis " + std::to_string(axis) + " has");
    s->axes.push_back(indices(a.mode, before[axis], shape[axis], after[axis]));
  }
  s->strides = row_major_strides(shape);
  s->before = before.back();
  s->inside = shape.back();
  s->size = size_of(b.type(b.input_value(0)));
  s->fill = a.fill;
  s->from = b.plain_place(0);
  s->to = b.plain_output_place(0);
  b.add(std::move(s));
}

} // namespace baton::gpu::cpu
