#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "metadata/model.hpp"

/// Where a plan keeps what its layers read and write: the same for every backend.
namespace baton::gpu {

using metadata::value_index;

/// Where an operand lies, before a block is bound.
struct place {
  enum class space : std::uint8_t {
    value,    ///< a value of the model, by its root
    scratch,  ///< the device's arena, for the time of one part
    state,    ///< carried between the parts of this layer
    constant, ///< prepared weights
  };
  space in = space::value;
  value_index root = metadata::none;
  std::size_t offset = 0;
  std::ptrdiff_t per_part = 0;  ///< added once for each part since `first_part`
  std::uint32_t first_part = 0; ///< the part at which it lies at `offset`
  /// Parts from `first_part` on count in groups of as many: only whole groups move it on (`advancing`), or only the
  /// place within the group does.
  std::uint32_t group = 1;
  bool within_group = false;
  const std::byte* constant = nullptr;

  place shifted(std::size_t bytes) const {
    place result = *this;
    result.offset += bytes;
    return result;
  }
  place advancing(std::ptrdiff_t bytes, std::uint32_t from_part = 0) const {
    place result = *this;
    result.per_part = bytes;
    result.first_part = from_part;
    return result;
  }
  place in_groups(std::uint32_t parts, bool within) const {
    place result = *this;
    result.group = parts;
    result.within_group = within;
    return result;
  }
  /// Bytes from the beginning of its value, arena, state or constant, at part `part`.
  std::ptrdiff_t shift(std::uint32_t part) const {
    auto ordinal = static_cast<std::ptrdiff_t>(part) - static_cast<std::ptrdiff_t>(first_part);
    ordinal = within_group ? ordinal % group : ordinal - ordinal % group;
    return static_cast<std::ptrdiff_t>(offset) + per_part * ordinal;
  }
};

/// A root value's place in a block.
struct planned_value {
  std::size_t bytes = 0;
  std::size_t offset = 0;
  std::optional<std::uint32_t> input; ///< which model input it is
  bool planned = false;               ///< has a place: an input or a computed value
};

/// The parts of its layer that a step belongs to.
struct part_range {
  std::uint32_t first = 0;
  std::uint32_t end = UINT32_MAX;
  /// The step works for as many parts from `first` on at once: in the first part of each such group, and, as what it
  /// writes into scratch memory is gone with a submission, in the first part of each submission.
  std::uint32_t group = 1;

  bool holds(std::uint32_t part, bool first_submitted = false) const {
    return part >= first && part < end && (group == 1 || first_submitted || (part - first) % group == 0);
  }
};

} // namespace baton::gpu
