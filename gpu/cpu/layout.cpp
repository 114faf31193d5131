#include "gpu/cpu/layout.hpp"

#include <algorithm>
#include <tuple>
#include <vector>

namespace baton::gpu::cpu {
namespace {

/// One loop of the nest that visits memory in order, outermost first.
struct loop {
  std::int64_t stride;
  int axis;
  std::int64_t count;
};

} // namespace

const dnnl::engine& cpu_engine() {
  // oneDNN 2.6 must not keep primitives. It takes descriptions from those that it keeps, and then forgets where in its
  // list of implementations it is: the next is the same again under another number, and the primitive made of it may be
  // the one known by that number, with another layout of weights. And such a description refers to attributes that may
  // be gone.
  static const dnnl::engine engine = [] {
    dnnl::set_primitive_cache_capacity(0);
    return dnnl::engine(dnnl::engine::kind::cpu, 0);
  }();
  return engine;
}

layout plain_layout(extents shape, number type) {
  if (shape.empty())
    shape = {1};
  auto strides = row_major_strides(shape);
  return {shape, type, strides};
}

layout any_layout(const extents& shape, number type) {
  return {shape, type, dnnl::memory::format_tag::any};
}

layout with_type(const layout& of, number type) {
  auto result = of;
  result.data.data_type = dnnl::memory::convert_to_c(type);
  return result;
}

bool lies_plainly(const layout& of) {
  const auto& md = of.data;
  if (md.format_kind != dnnl_blocked || md.offset0 != 0)
    return false;
  const auto& blocking = md.format_desc.blocking;
  std::vector<loop> loops;
  std::vector<std::int64_t> inner(static_cast<std::size_t>(md.ndims), 1);
  std::int64_t inner_elements = 1;
  for (int i = 0; i < blocking.inner_nblks; ++i) {
    inner[static_cast<std::size_t>(blocking.inner_idxs[i])] *= blocking.inner_blks[i];
    inner_elements *= blocking.inner_blks[i];
  }
  for (int axis = 0; axis < md.ndims; ++axis) {
    if (md.padded_dims[axis] != md.dims[axis])
      return false;
    auto count = md.dims[axis] / inner[static_cast<std::size_t>(axis)];
    if (count > 1)
      loops.push_back({blocking.strides[axis], axis, count});
  }
  std::stable_sort(loops.begin(), loops.end(), [](const loop& a, const loop& b) { return a.stride > b.stride; });
  auto stride = inner_elements;
  for (int i = 0; i < blocking.inner_nblks; ++i) {
    stride /= blocking.inner_blks[i];
    if (blocking.inner_blks[i] > 1)
      loops.push_back({stride, static_cast<int>(blocking.inner_idxs[i]), blocking.inner_blks[i]});
  }
  // Plain: the axes come in order, and each loop steps over exactly what is inside it.
  std::int64_t expected = 1;
  int axis = md.ndims;
  for (auto i = loops.rbegin(); i != loops.rend(); ++i) {
    if (i->stride != expected || i->axis > axis)
      return false;
    expected *= i->count;
    axis = i->axis;
  }
  return true;
}

bool same_bytes_as_plain(const layout& of) {
  return of.data_type() == number::f32 && lies_plainly(of);
}

std::array<dnnl::memory::format_tag, 2> picture_tags() {
  using tag = dnnl::memory::format_tag;
  constexpr auto wanted = static_cast<unsigned>(dnnl_cpu_isa_avx512_core);
  const auto wide = (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & wanted) == wanted;
  return {wide ? tag::nChw16c : tag::nChw8c, tag::nhwc};
}

std::optional<dnnl::memory::format_tag> picture_tag(const layout& of) {
  if (of.data.ndims == 4)
    for (const auto tag : picture_tags())
      if (same_layout(of, layout(of.dims(), of.data_type(), tag)))
        return tag;
  return std::nullopt;
}

std::optional<layout> seen_as(const layout& of, const extents& shape) {
  const auto view = shape.empty() ? layout() : of.reshape(shape, true);
  return view ? std::optional(view) : std::nullopt;
}

bool same_layout(const layout& a, const layout& b) {
  if (a == b)
    return true;
  const auto& x = a.data;
  const auto& y = b.data;
  if (x.format_kind != dnnl_blocked || y.format_kind != dnnl_blocked || x.ndims != y.ndims || x.data_type != y.data_type
      || !std::equal(x.dims, x.dims + x.ndims, y.dims))
    return false;
  if (lies_plainly(a) && lies_plainly(b))
    return true;
  const auto& p = x.format_desc.blocking;
  const auto& q = y.format_desc.blocking;
  if (!std::equal(x.padded_dims, x.padded_dims + x.ndims, y.padded_dims) || p.inner_nblks != q.inner_nblks
      || !std::equal(p.inner_blks, p.inner_blks + p.inner_nblks, q.inner_blks)
      || !std::equal(p.inner_idxs, p.inner_idxs + p.inner_nblks, q.inner_idxs))
    return false;
  std::vector<std::int64_t> inner(static_cast<std::size_t>(x.ndims), 1);
  for (int i = 0; i < p.inner_nblks; ++i)
    inner[static_cast<std::size_t>(p.inner_idxs[i])] *= p.inner_blks[i];
  for (int i = 0; i < x.ndims; ++i)
    if (p.strides[i] != q.strides[i] && x.padded_dims[i] != inner[static_cast<std::size_t>(i)])
      return false;
  return true;
}

dnnl::primitive_attr user_scratchpad() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

} // namespace baton::gpu::cpu
