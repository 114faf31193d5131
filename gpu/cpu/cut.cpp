#include "gpu/cpu/cut.hpp"

#include <chrono>

#include "gpu/defaults.hpp"

namespace baton::gpu::cpu {

bool has_pieces(const layout& whole, int axis, std::uint32_t pieces) {
  const auto& md = whole.data;
  if (md.format_kind != dnnl_blocked || md.dims[axis] % pieces != 0)
    return false;
  const auto& blocking = md.format_desc.blocking;
  std::int64_t block = 1;
  for (int i = 0; i < blocking.inner_nblks; ++i)
    if (blocking.inner_idxs[i] == axis)
      block *= blocking.inner_blks[i];
  return md.dims[axis] / pieces % block == 0;
}

piece_layout piece_of(const layout& whole, int axis, std::uint32_t pieces) {
  if (pieces == 1)
    return {whole, 0};
  auto shape = whole.dims();
  extents second(shape.size(), 0);
  auto& extent = shape[static_cast<std::size_t>(axis)];
  second[static_cast<std::size_t>(axis)] = extent /= pieces;
  const auto step = whole.submemory_desc(shape, second).data.offset0;
  return {whole.submemory_desc(shape, extents(shape.size(), 0)),
          step * static_cast<std::ptrdiff_t>(size_of(whole.data_type()))};
}

bool is_too_long(const cut_rule& rule, double seconds) {
  const auto longest = std::chrono::duration<double>(rule.longer_than).count();
  return longest > 0 && seconds > longest;
}

std::uint32_t parts_for(const cut_rule& rule, double seconds, const std::function<bool(std::uint32_t)>& possible) {
  std::uint32_t most = 1;
  for (std::uint32_t n = 2; n <= defaults::most_parts && is_too_long(rule, seconds / most); ++n)
    if (possible(n))
      most = n;
  return most;
}

} // namespace baton::gpu::cpu
