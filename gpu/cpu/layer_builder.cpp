#include "gpu/cpu/layer_builder.hpp"

#include <algorithm>

#include "gpu/defaults.hpp"
#include "gpu/failure.hpp"

namespace baton::gpu::cpu {

using metadata::element_type;
using metadata::value_origin;

layer_builder::layer_builder(plan_draft& draft, std::uint32_t index)
    : layer_view(*draft.model, draft.symbols, index), draft_(draft) {}

operand layer_builder::input(std::size_t role) {
  const auto x = input_of_any_type(role);
  return in_layout(x, with_type(x.how, number::f32));
}

operand layer_builder::input_of_any_type(std::size_t role) {
  auto v = input_value(role);
  require_float(v);
  auto r = root(v);
  if (is_weight(v))
    return plain_input(role);
  const place at{.in = place::space::value, .root = r};
  const auto& how = draft_.slots[r].how.value();
  if (shape(v) == shape(r))
    return {how, at};
  if (lies_plainly(how))
    return plain_input(role, shape(v), how.data_type());
  if (const auto view = seen_as(how, shape(v)))
    return {*view, at};
  return plain_input(role);
}

operand layer_builder::plain_input(std::size_t role, extents seen_as, number type) {
  require_float(input_value(role));
  if (elements_of(seen_as) != elements_of(input_shape(role)))
    raise(errc::internal, "layer '" + what().name + "': operand " + std::to_string(role) + " seen in a wrong size");
  return {plain_layout(std::move(seen_as), type), plain_place(role, type)};
}

place layer_builder::plain_place(std::size_t role) {
  return plain_place(role, number::f32);
}

place layer_builder::plain_place(std::size_t role, number type) {
  auto r = root(input_value(role));
  if (is_weight(r)) {
    const place at{.in = place::space::constant, .constant = draft_.weights->plain(r)};
    return type == number::f32 ? at : in_layout({plain_layout(shape(r)), at}, plain_layout(shape(r), type)).at;
  }
  place at{.in = place::space::value, .root = r};
  const auto& how = draft_.slots[r].how;
  return how ? in_layout({*how, at}, plain_layout(shape(r), type)).at : at;
}

operand layer_builder::in_layout(const operand& x, const layout& wanted) {
  if (same_layout(x.how, wanted))
    return {wanted, x.at};
  operand result{wanted, scratch(wanted.get_size())};
  reorder(x, result);
  return result;
}

void layer_builder::claim(value_index v, std::size_t bytes, std::optional<layout> how) {
  auto& slot = draft_.slots[v];
  slot.how = how;
  slot.bytes = bytes;
  slot.planned = true;
}

operand layer_builder::output(std::size_t role, const layout& how) {
  auto v = what().outputs.at(role);
  const bool as_it_is = !draft_.must_be_plain[v] || same_bytes_as_plain(how);
  return output(role, how, as_it_is ? how : plain_layout(shape(v)), {});
}

operand layer_builder::picture_output(const layout& how, const cut& parts) {
  const auto v = what().outputs.at(0);
  const auto in = [&](number type, dnnl::memory::format_tag tag) { return layout(shape(v), type, tag); };
  const auto own = picture_tag(how);
  const auto whole = parts.pieces == 1 ? how
                     : own             ? in(how.data_type(), *own)
                                       : plain_layout(shape(v), how.data_type());
  if (draft_.must_be_plain[v])
    return output(0, how, same_bytes_as_plain(whole) ? whole : plain_layout(shape(v)), parts);
  if (!draft_.kernels.pictures || only_convolutions_read(v))
    return output(0, how, whole, parts);
  return output(0, how, in(draft_.numbers.of(v), *draft_.kernels.pictures), parts);
}

bool layer_builder::only_convolutions_read(value_index v) const {
  const auto& layers = model().layers();
  for (auto i = index() + 1; i < layers.size(); ++i)
    for (std::size_t role = 0; role < layers[i].inputs.size(); ++role)
      if (layers[i].inputs[role] != metadata::none && root(layers[i].inputs[role]) == v
          && !(std::holds_alternative<metadata::conv_layer>(layers[i].attributes) && role == conv_x))
        return false;
  return true;
}

operand layer_builder::output(std::size_t role, const layout& how, const layout& in_the_end, const cut& parts) {
  auto v = what().outputs.at(role);
  require_float(v);
  const auto there = piece({in_the_end, {.in = place::space::value, .root = v}}, parts.axis, parts.pieces);
  const bool as_it_is = same_layout(how, there.how);
  claim(v, in_the_end.get_size(), as_it_is && parts.pieces == 1 ? how : in_the_end);
  if (as_it_is)
    return {how, there.at};
  operand result{how, scratch(how.get_size())};
  at_end_.emplace_back(result, there);
  return result;
}

operand layer_builder::piece(const operand& whole, int axis, std::uint32_t pieces) {
  const auto one = piece_of(whole.how, axis, pieces);
  return {one.how, pieces == 1 ? whole.at : whole.at.advancing(one.step)};
}

operand layer_builder::plain_output(std::size_t role, extents seen_as, number type) {
  output(role, plain_layout(output_shape(role), type));
  return {plain_layout(std::move(seen_as), type), {.in = place::space::value, .root = what().outputs.at(role)}};
}

place layer_builder::plain_output_place(std::size_t role) {
  auto v = what().outputs.at(role);
  if (type(v) == element_type::float32)
    return plain_output(role).at;
  claim(v, static_cast<std::size_t>(elements_of(shape(v))) * size_of(type(v)), std::nullopt);
  return {.in = place::space::value, .root = v};
}

bool layer_builder::update_in_place(std::size_t role, std::size_t input_role) {
  auto out = what().outputs.at(role);
  auto in = input_value(input_role);
  const auto& slot = draft_.slots[out];
  if (!at_end_.empty() || in != root(in) || model().values()[in].origin != value_origin::computed
      || model().last_reader(in) != index() || !(*draft_.slots[in].how == *slot.how) || draft_.joined[in])
    return false;
  for (std::size_t i = 0; i < what().inputs.size(); ++i)
    if (i != input_role && has(i) && root(input_value(i)) == in)
      return false;
  draft_.shared.push_back({in, out, 0});
  return true;
}

bool layer_builder::lay_into_output(std::size_t role, std::size_t offset) {
  const auto out = what().outputs.at(0);
  const auto in = input_value(role);
  if (!at_end_.empty() || in != root(in) || model().values()[in].origin != value_origin::computed
      || std::any_of(draft_.shared.begin(), draft_.shared.end(), [&](const auto& s) { return s.inner == in; }))
    return false;
  draft_.shared.push_back({in, out, offset});
  draft_.joined[in] = draft_.joined[out] = true;
  return true;
}

place layer_builder::scratch(std::size_t bytes) {
  place result{.in = place::space::scratch, .offset = scratch_bytes_};
  scratch_bytes_ += (bytes + defaults::alignment - 1) / defaults::alignment * defaults::alignment;
  return result;
}

operand layer_builder::prepared(weight_role role, const layout& wanted, const layout& given,
                                const std::function<void(std::span<float>)>& fill, std::uint32_t direction) {
  const auto* bytes = draft_.weights->prepared(index(), role, wanted, given, fill, direction);
  return {wanted, {.in = place::space::constant, .constant = bytes}};
}

void layer_builder::add(const dnnl::primitive& primitive, const layout& scratchpad,
                        std::vector<primitive_step::argument> arguments) {
  if (scratchpad.get_size() > 0)
    arguments.push_back({DNNL_ARG_SCRATCHPAD, {scratchpad, scratch(scratchpad.get_size())}});
  add(std::make_unique<primitive_step>(primitive, std::move(arguments), new_slot()));
}

void layer_builder::reorder(const operand& from, const operand& to) {
  if (same_layout(from.how, to.how)) {
    add(std::make_unique<copy_step>(from.at, to.at, to.how.get_size()));
    return;
  }
  dnnl::reorder::primitive_desc description(cpu_engine(), from.how, cpu_engine(), to.how, user_scratchpad());
  add(dnnl::reorder(description), description.scratchpad_desc(), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
}

void layer_builder::set_parts(std::uint32_t parts, std::size_t state_bytes) {
  built_.parts = parts;
  built_.state_bytes = state_bytes;
}

built_layer layer_builder::finish() {
  range_ = {};
  for (const auto& [from, to] : at_end_)
    reorder(from, to);
  draft_.scratch_bytes = std::max(draft_.scratch_bytes, scratch_bytes_);
  return std::move(built_);
}

} // namespace baton::gpu::cpu
