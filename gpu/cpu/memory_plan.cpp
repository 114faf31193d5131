#include "gpu/cpu/memory_plan.hpp"

#include <algorithm>
#include <numeric>

#include "gpu/defaults.hpp"

namespace baton::gpu::cpu {

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

} // namespace baton::gpu::cpu
