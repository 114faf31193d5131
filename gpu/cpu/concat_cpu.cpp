#include <algorithm>
#include <vector>

#include "gpu/cpu/box_step.hpp"
#include "gpu/cpu/kernels.hpp"

namespace baton::gpu::cpu {
namespace {

/// Operands in a layout in which each is `outer` runs of bytes that the result takes up one behind the other.
struct joint {
  std::vector<operand> operands;
  layout result;
  std::int64_t outer = 1;
};

/// Along the channels of pictures that lie in blocks or with channels last: in that layout, if the channels of each
/// fill their blocks. In float32, unless none lies so.
std::optional<joint> join_channels(layer_builder& b, std::uint32_t axis) {
  const auto shape = b.output_shape();
  if (axis != 1 || shape.size() != 4)
    return std::nullopt;
  std::optional<layout> like;
  auto type = b.numbers().factors;
  std::vector<operand> given;
  for (std::size_t i = 0; i < b.what().inputs.size(); ++i) {
    given.push_back(b.input_of_any_type(i));
    const auto& how = given.back().how;
    if (!lies_plainly(how))
      like = how;
    if (how.data_type() == number::f32)
      type = number::f32;
  }
  const auto tag = like ? picture_tag(*like) : std::nullopt;
  if (!tag)
    return std::nullopt;
  joint j{{}, layout(shape, type, *tag), shape[0]};
  if (*tag == dnnl::memory::format_tag::nhwc)
    j.outer *= shape[2] * shape[3];
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const layout wanted(b.input_shape(i), type, *tag);
    bytes += wanted.get_size();
    if (wanted.get_size() != static_cast<std::size_t>(elements_of(b.input_shape(i))) * size_of(type))
      return std::nullopt; // its last block is not full
  }
  if (bytes != j.result.get_size())
    return std::nullopt;
  for (std::size_t i = 0; i < given.size(); ++i)
    j.operands.push_back(b.in_layout(given[i], layout(b.input_shape(i), type, *tag)));
  return j;
}

void join(layer_builder& b, const joint& j) {
  const auto target = b.output(0, j.result);
  const auto size = size_of(j.result.data_type());
  const auto total = static_cast<std::int64_t>(j.result.get_size() / size) / j.outer;
  std::int64_t start = 0;
  for (std::size_t i = 0; i < j.operands.size(); ++i) {
    const auto& from = j.operands[i];
    const auto run = elements_of(b.input_shape(i)) / j.outer;
    const bool where_it_lies = from.at.in == place::space::value && from.at.root == b.input_value(i);
    if (j.outer > 1 || !where_it_lies || !b.lay_into_output(i, static_cast<std::size_t>(start) * size))
      b.add(std::make_unique<box_step>(from.at, target.at, box{{j.outer, run}, {run, 1}, {total, 1}, 0, start}, size));
    start += run;
  }
}

} // namespace

void build_concat(layer_builder& b, const metadata::concat_layer& a) {
  const auto type = b.type(b.input_value(0));
  if (type == metadata::element_type::float32)
    if (const auto j = join_channels(b, a.axis))
      return join(b, *j);
  const auto count = b.what().inputs.size();
  std::vector<place> sources;
  for (std::size_t i = 0; i < count; ++i)
    sources.push_back(b.plain_place(i));
  const auto to = b.plain_output_place(0);
  std::int64_t start = 0;
  for (std::size_t i = 0; i < count; ++i) {
    b.add(std::make_unique<box_step>(sources[i], to, concat_box(b, a, i, start), size_of(type)));
    start += b.input_shape(i)[a.axis];
  }
}

} // namespace baton::gpu::cpu
