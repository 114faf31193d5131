#include "gpu/memory_plan.hpp"

#include <algorithm>
#include <numeric>

#include "gpu/defaults.hpp"

namespace baton::gpu {

memory_plan lay_out(std::span<const lifetime> pieces) {
  auto rounded = [](std::size_t bytes) {
    return (bytes + defaults::alignment - 1) / defaults::alignment * defaults::alignment;
  };
  std::vector<std::size_t> order(pieces.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return pieces[a].bytes > pieces[b].bytes; });
  memory_plan result;
  result.offsets.assign(pieces.size(), 0);
  std::vector<std::size_t> placed; // by offset
  for (auto i : order) {
    const auto& piece = pieces[i];
    std::size_t offset = 0;
    for (auto other : placed) {
      const auto& p = pieces[other];
      if (p.last < piece.first || piece.last < p.first)
        continue;
      if (result.offsets[other] >= offset + rounded(piece.bytes))
        break;
      offset = std::max(offset, result.offsets[other] + rounded(p.bytes));
    }
    result.offsets[i] = offset;
    result.bytes = std::max(result.bytes, offset + rounded(piece.bytes));
    placed.insert(std::upper_bound(placed.begin(), placed.end(), i,
                                   [&](std::size_t a, std::size_t b) { return result.offsets[a] < result.offsets[b]; }),
                  i);
  }
  return result;
}

block_plan lay_out_block(const metadata::model& model, std::span<const planned_value> values,
                         std::span<const shared_place> shared, std::span<const std::size_t> state_bytes) {
  constexpr std::size_t unplaced = SIZE_MAX;
  std::vector<lifetime> pieces;
  std::vector<std::size_t> piece_of(values.size(), unplaced);
  for (std::size_t v = 0; v < values.size(); ++v) {
    if (!values[v].planned)
      continue;
    auto root = static_cast<value_index>(v);
    // An input is there from the start; what nobody reads must still not be written over something alive.
    auto first = model.writer(root).value_or(0);
    auto last = std::max(first, model.last_reader(root).value_or(first));
    piece_of[v] = pieces.size();
    pieces.push_back({values[v].bytes, first, last});
  }
  // What lies inside of another value has no piece of its own, and the outermost one's is there for all their lives.
  std::vector<const shared_place*> around(values.size(), nullptr);
  for (const auto& s : shared)
    around[s.inner] = &s;
  std::vector<std::size_t> shift(values.size(), 0);
  for (const auto& s : shared) {
    std::size_t outermost = s.inner;
    for (; around[outermost]; outermost = around[outermost]->outer)
      shift[s.inner] += around[outermost]->offset;
    auto& own = pieces[piece_of[s.inner]];
    auto& piece = pieces[piece_of[outermost]];
    piece.first = std::min(piece.first, own.first);
    piece.last = std::max(piece.last, own.last);
    own = {0, 0, 0};
    piece_of[s.inner] = piece_of[outermost];
  }
  const auto states = static_cast<std::ptrdiff_t>(pieces.size());
  for (std::uint32_t layer = 0; layer < state_bytes.size(); ++layer)
    pieces.push_back({state_bytes[layer], layer, layer});

  auto places = lay_out(pieces);
  block_plan result;
  result.values.assign(values.size(), 0);
  for (std::size_t v = 0; v < values.size(); ++v)
    if (piece_of[v] != unplaced)
      result.values[v] = places.offsets[piece_of[v]] + shift[v];
  result.states.assign(places.offsets.begin() + states, places.offsets.end());
  result.bytes = std::max(places.bytes, defaults::alignment);
  return result;
}

} // namespace baton::gpu
