#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "metadata/ids.hpp"

namespace baton::metadata {

/// Layers that a device kind cannot run: a task must be elsewhere by then.
struct lacking_layers {
  std::vector<std::uint32_t> layers; ///< rising

  bool has(std::uint32_t layer) const { return std::binary_search(layers.begin(), layers.end(), layer); }
  /// Where a task that is at `at` must leave.
  std::optional<position> first(position at) const {
    auto i = std::lower_bound(layers.begin(), layers.end(), at.layer);
    return i == layers.end() ? std::nullopt : std::optional(std::max(at, position{*i, 0}));
  }
};

template <class Inspector>
auto inspect(Inspector& f, lacking_layers& x) {
  return f(x.layers);
}

/// What a run queue must know of a plan to cut segments: how many parts each layer has, and how long one part takes
/// (measured when the plan was built; 0 where unknown).
struct plan_profile {
  std::vector<std::uint32_t> parts; ///< per layer, >= 1
  std::vector<duration> part_time;  ///< per layer, of one part
  /// Per layer: whether it may find the task's data at fault, which is known only when it has run. Empty: none does.
  std::vector<bool> fallible;
  /// Per layer: whether its parts are this plan's own, not the model's. Where a task has begun such a layer, only
  /// devices of the kind can go on. Empty: none.
  std::vector<bool> own_parts;
  lacking_layers lacking;  ///< their values have places all the same
  std::string why_lacking; ///< of the first

  std::uint32_t layers() const { return static_cast<std::uint32_t>(parts.size()); }
  bool may_fail(std::uint32_t layer) const { return layer < fallible.size() && fallible[layer]; }
  bool is_within_own_parts(position at) const {
    return at.part > 0 && at.layer < own_parts.size() && own_parts[at.layer];
  }
  position end() const { return {layers(), 0}; }
  /// The position after the part at `at`. @pre at < end()
  position next(position at) const {
    return at.part + 1 < parts[at.layer] ? position{at.layer, at.part + 1} : position{at.layer + 1, 0};
  }
};

} // namespace baton::metadata
