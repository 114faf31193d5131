#include "gpu/cpu/cpu_plan.hpp"

#include <algorithm>

#include "gpu/cpu/memory_plan.hpp"
#include "gpu/defaults.hpp"

namespace baton::gpu::cpu {

cpu_plan::cpu_plan(plan_draft draft, std::string device_kind, std::shared_ptr<domain_memory> home)
    : draft_(std::move(draft)), device_kind_(std::move(device_kind)), home_(std::move(home)) {
  for (const auto& layer : draft_.layers) {
    profile_.parts.push_back(layer.parts);
    profile_.part_time.emplace_back();
  }
  place_values();
}

void cpu_plan::place_values() {
  const auto& model = *draft_.model;
  const auto layers = static_cast<std::uint32_t>(draft_.layers.size());
  constexpr std::size_t unplaced = SIZE_MAX;
  std::vector<lifetime> pieces;
  std::vector<std::size_t> piece_of(draft_.slots.size(), unplaced);
  for (std::size_t v = 0; v < draft_.slots.size(); ++v) {
    if (!draft_.slots[v].planned)
      continue;
    auto root = static_cast<value_index>(v);
    // An input is there from the start; what nobody reads must still not be written over something alive.
    auto first = model.writer(root).value_or(0);
    auto last = std::max(first, model.last_reader(root).value_or(first));
    piece_of[v] = pieces.size();
    pieces.push_back({draft_.slots[v].bytes, first, last});
  }
  // A value updated in place has one piece with its successor, for both lives.
  for (auto [out, in] : draft_.shared) {
    auto& piece = pieces[piece_of[in]];
    piece.last = std::max(piece.last, pieces[piece_of[out]].last);
    pieces[piece_of[out]] = {0, 0, 0};
    piece_of[out] = piece_of[in];
  }
  const auto states = pieces.size();
  for (std::uint32_t i = 0; i < layers; ++i)
    pieces.push_back({draft_.layers[i].state_bytes, i, i});

  auto places = lay_out(pieces);
  for (std::size_t v = 0; v < draft_.slots.size(); ++v)
    if (piece_of[v] != unplaced)
      draft_.slots[v].offset = places.offsets[piece_of[v]];
  state_offsets_.assign(places.offsets.begin() + static_cast<std::ptrdiff_t>(states), places.offsets.end());
  block_bytes_ = std::max(places.bytes, defaults::alignment);
}

} // namespace baton::gpu::cpu
