#include "gpu/cuda/box_cuda.hpp"

#include <algorithm>

#include "gpu/cuda/box_index.hpp"
#include "gpu/cuda/launch.hpp"
#include "gpu/cuda/words.hpp"

namespace baton::gpu::cuda {
namespace {

template <class Word>
struct copy_word {
  box_index<2> where;
  std::int64_t from_offset;
  std::int64_t to_offset;
  __host__ __device__ void operator()(std::int64_t i, span<const Word> from, span<Word> to) const {
    const auto at = where(i);
    to[to_offset + at[1]] = from[from_offset + at[0]];
  }
};

/// A box in words.
struct word_box {
  std::int64_t word;
  std::int64_t count = 0; ///< of words to copy
  std::size_t from_end = 0;
  std::size_t to_end = 0;
  std::int64_t from_offset = 0;
  std::int64_t to_offset = 0;
  box_index<2> where;

  word_box(const box& what, std::size_t element_bytes);
};

word_box::word_box(const box& what, std::size_t element_bytes) {
  const auto size = static_cast<std::int64_t>(element_bytes);
  auto run = size; // contiguous on both sides
  auto axes = what.shape.size();
  for (; axes > 0; --axes) {
    const auto axis = axes - 1;
    if (what.shape[axis] == 1)
      continue;
    if (what.from_strides[axis] * size != run || what.to_strides[axis] * size != run)
      break;
    run *= what.shape[axis];
  }
  word = word_of(run, what.from_offset * size, what.to_offset * size);
  for (std::size_t axis = 0; axis < axes; ++axis)
    if (what.shape[axis] != 1)
      word = std::min(word, word_of(what.from_strides[axis] * size, what.to_strides[axis] * size));

  count = elements_of(what.shape) * size / word;
  from_offset = what.from_offset * size / word;
  to_offset = what.to_offset * size / word;
  auto last_from = from_offset;
  auto last_to = to_offset;
  auto wrap = [&](std::int64_t extent, std::int64_t from, std::int64_t to) {
    where.wrap(extent, {from, to});
    last_from += std::max<std::int64_t>(0, (extent - 1) * from);
    last_to += std::max<std::int64_t>(0, (extent - 1) * to);
  };
  wrap(run / word, 1, 1);
  for (auto axis = axes; axis-- > 0;)
    wrap(what.shape[axis], what.from_strides[axis] * size / word, what.to_strides[axis] * size / word);
  from_end = static_cast<std::size_t>(last_from) + 1;
  to_end = static_cast<std::size_t>(last_to) + 1;
}

} // namespace

void add_box(layer_builder& b, const place& from, const place& to, const box& what, std::size_t element_bytes) {
  if (elements_of(what.shape) == 0)
    return;
  const word_box w(what, element_bytes);
  with_word(w.word, [&]<class Word>(std::type_identity<Word>) {
    b.add([=, op = copy_word<Word>{w.where, w.from_offset, w.to_offset}](const run_context& c) {
      for_each_index(c.stream(), w.count, op, c.read<Word>(from, w.from_end), c.write<Word>(to, w.to_end));
    });
  });
}

} // namespace baton::gpu::cuda
