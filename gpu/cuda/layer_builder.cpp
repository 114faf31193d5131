#include "gpu/cuda/layer_builder.hpp"

#include <algorithm>

#include "gpu/cuda/defaults.hpp"

namespace baton::gpu::cuda {

place layer_builder::input(std::size_t role) {
  auto r = root(input_value(role));
  if (is_weight(r))
    return {.in = place::space::constant, .constant = draft_.weights->plain(r)};
  return {.in = place::space::value, .root = r};
}

place layer_builder::output(std::size_t role) {
  auto v = what().outputs.at(role);
  auto& slot = draft_.values[v];
  slot.bytes = plain_bytes(v);
  slot.planned = true;
  return {.in = place::space::value, .root = v};
}

namespace {

std::size_t aligned(std::size_t bytes) {
  return (bytes + defaults::scratch_alignment - 1) / defaults::scratch_alignment * defaults::scratch_alignment;
}

} // namespace

place layer_builder::scratch(std::size_t bytes) {
  place result{.in = place::space::scratch, .offset = scratch_bytes_};
  scratch_bytes_ += aligned(bytes);
  return result;
}

std::vector<planned_value> layer_builder::operands() const {
  std::vector<planned_value> result(draft_.values.size());
  std::size_t end = 0;
  const auto put = [&](value_index v) {
    if (v == metadata::none || !draft_.values[v].planned || result[v].planned)
      return;
    result[v] = draft_.values[v];
    result[v].offset = end;
    end += aligned(result[v].bytes);
  };
  for (auto v : what().inputs)
    if (v != metadata::none)
      put(root(v));
  for (auto v : what().outputs)
    put(v);
  return result;
}

place layer_builder::prepared(weight_role role, std::size_t count, const std::function<void(std::span<float>)>& fill,
                              std::uint32_t direction) {
  return {.in = place::space::constant, .constant = draft_.weights->prepared(index(), role, count, fill, direction)};
}

buffer layer_builder::temporary(std::size_t bytes) const {
  return draft_.weights->memory()->allocate(purpose::scratch, bytes, "measuring layer '" + what().name + "'");
}

built_layer layer_builder::finish() {
  draft_.scratch_bytes = std::max(draft_.scratch_bytes, scratch_bytes_);
  return std::move(built_);
}

} // namespace baton::gpu::cuda
