#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <dnnl.hpp>

#include "gpu/layer_view.hpp"

/// How float32 values lie in memory: oneDNN's descriptors, whose data type is float32, or bfloat16 inside of plans that
/// compute in it. Values of other types are always plain and have none.
namespace baton::gpu::cpu {

using layout = dnnl::memory::desc;
using number = dnnl::memory::data_type;

/// The process-wide engine: it has no state of its own, and memory of one engine only works with its primitives.
const dnnl::engine& cpu_engine();

/// In bytes.
inline std::size_t size_of(number type) {
  return dnnl::memory::data_type_size(type);
}

/// Row-major, no padding; a scalar gets one axis.
layout plain_layout(extents shape, number type = number::f32);
/// Left to the primitive.
layout any_layout(const extents& shape, number type = number::f32);
/// The same places, of elements of that type.
layout with_type(const layout& of, number type);

/// True if the elements lie as in the plain layout of the same extents, whatever the descriptor says (for instance
/// channels last or in blocks of 16 over a picture of one pixel).
bool lies_plainly(const layout& of);
/// The same, and they are float32: what lies so is canonical.
bool same_bytes_as_plain(const layout& of);

/// The layouts of pictures [N, C, H, W] between which plans choose one: in blocks of channels, as wide as the
/// processor's vectors, or with channels last.
std::array<dnnl::memory::format_tag, 2> picture_tags();
/// Which of them it is; nothing for others.
std::optional<dnnl::memory::format_tag> picture_tag(const layout& of);

/// The same bytes in other extents, as a view of the value has them; nothing where that is no layout.
std::optional<layout> seen_as(const layout& of, const extents& shape);

/// Descriptors of one type that differ at most in the strides of axes of extent one.
bool same_layout(const layout& a, const layout& b);

/// Attributes that every primitive here has: its scratch memory is given by the caller, so that one primitive can run
/// on several devices at once.
dnnl::primitive_attr user_scratchpad();

} // namespace baton::gpu::cpu
