#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "metadata/latency_table.hpp"

namespace baton::metadata {

/// What a model costs: to bring its weights over, to move a task at a layer, and each layer by device kind.
struct model_costs {
  std::string name;
  std::vector<std::string> layers; ///< their names
  /// Of each layer: steps of a recurrent one, all of one cell, else 1. Empty: all 1.
  std::vector<std::uint32_t> parts;
  std::uint64_t weight_bytes = 0;
  std::uint64_t input_bytes = 0;  ///< of one row
  std::uint64_t output_bytes = 0; ///< of one row
  /// Of the live set at the start of each layer, of one row; one more for the end.
  std::vector<std::uint64_t> live_bytes;
  std::map<std::string, latency_table, std::less<>> by_kind; ///< by `device_kind::name`

  std::uint32_t parts_of(std::uint32_t layer) const { return parts.empty() ? 1 : parts[layer]; }
  std::uint32_t layer_count() const { return static_cast<std::uint32_t>(layers.size()); }
  /// Null: nothing is known of that kind.
  const latency_table* on(std::string_view kind) const;

  /// What makes it inconsistent, if anything does: `bad_argument` naming the model and the part.
  expected<void> check() const;
};

} // namespace baton::metadata
