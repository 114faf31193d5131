#include "gpu/cuda/box_index.hpp"
#include "gpu/cuda/kernels.hpp"
#include "gpu/cuda/launch.hpp"
#include "gpu/cuda/words.hpp"

namespace baton::gpu::cuda {
namespace {

/// Where an index is out of range nothing is read, the result is zero, and the lane's fault names one such index,
/// unless it names an earlier layer's.
template <class Word, class Index>
struct gather_word {
  box_index<2> where; ///< in the rows at index 0, and among the indices
  std::int64_t extent;
  std::int64_t row;
  std::int64_t layer; ///< as `data_fault` has it
  __host__ __device__ void operator()(std::int64_t i, span<const Word> data, span<const Index> indices, span<Word> out,
                                      span<data_fault> fault) const {
    const auto at = where(i);
    const std::int64_t given = indices[at[1]];
    const auto pick = given < 0 ? given + extent : given;
    const auto inside = pick >= 0 && pick < extent;
    out[i] = inside ? data[at[0] + pick * row] : Word{};
    if (!inside && fault[0].layer == 0)
      fault[0] = {layer, given, extent};
  }
};

template <class Index>
void build(layer_builder& b, const metadata::gather_layer& a) {
  const auto shape = b.input_shape(0);
  const auto axis = shape.begin() + a.axis;
  const auto row_bytes = elements_of({axis + 1, shape.end()}) * std::int64_t(size_of(b.type(b.input_value(0))));
  const auto outer = elements_of({shape.begin(), axis});
  const auto picks = elements_of(b.input_shape(1));
  const auto data = b.input(0);
  const auto indices = b.input(1);
  const auto out = b.output();
  if (outer * picks * row_bytes == 0)
    return;
  b.may_fault();
  const auto word = word_of(row_bytes);
  const auto row = row_bytes / word;
  box_index<2> where;
  where.wrap(row, {1, 0});
  where.wrap(picks, {0, 1});
  where.wrap(outer, {*axis * row, 0});
  const auto rows = static_cast<std::size_t>(outer * *axis * row);
  const auto total = outer * picks * row;
  with_word(word, [&]<class Word>(std::type_identity<Word>) {
    const gather_word<Word, Index> op{where, *axis, row, std::int64_t{b.index()} + 1};
    b.add([=](const run_context& c) {
      for_each_index(c.stream(), total, op, c.read<Word>(data, rows),
                     c.read<Index>(indices, static_cast<std::size_t>(picks)),
                     c.write<Word>(out, static_cast<std::size_t>(total)), c.on.fault());
    });
  });
}

} // namespace

void build_gather(layer_builder& b, const metadata::gather_layer& a) {
  if (a.axis >= b.input_shape(0).size())
    b.unsupported("its axis is beyond its operand's axes");
  const auto type = b.type(b.input_value(1));
  if (type == metadata::element_type::int64)
    build<std::int64_t>(b, a);
  else if (type == metadata::element_type::int32)
    build<std::int32_t>(b, a);
  else
    b.unsupported("indices must be int64 or int32");
}

} // namespace baton::gpu::cuda
