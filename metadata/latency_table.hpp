#pragma once

#include <cstdint>
#include <vector>

#include "metadata/error.hpp"
#include "metadata/ids.hpp"
#include "metadata/resource_use.hpp"

namespace baton::metadata {

/// How long each layer of a model takes on one kind of device, by the rows of a batch, and what it uses of it.
struct latency_table {
  std::vector<std::uint32_t> rows;           ///< numbers of rows it knows, rising
  std::vector<std::vector<duration>> layers; ///< [entry of `rows`][layer]
  /// [entry of `rows`][layer]; not known of an entry that is empty or not there.
  std::vector<std::vector<resource_use>> uses;

  /// Adds the layers' times at `n` rows, and what they use, if that is known. Errors (`bad_argument`): `n` is 0, too
  /// large or there already; other than as many layers as before, or as times; a time below 0 or above
  /// `defaults::max_layer_time`; a share above `whole_device`.
  expected<void> add(std::uint32_t n, std::vector<duration> times, std::vector<resource_use> used = {});

  bool empty() const { return rows.empty(); }
  std::uint32_t layer_count() const { return empty() ? 0 : static_cast<std::uint32_t>(layers.front().size()); }
  /// Of layer `i` at `n` rows. Between two entries on the line through them, rounded down; below the first its time, as
  /// a kernel that does not fill the device takes no less for fewer rows; beyond the last by the slope of the last two,
  /// but not falling, and no more than in proportion to the rows, which running one after the other would take. With
  /// one entry only: in proportion.
  /// @pre not empty, `i` < layer_count(), `n` > 0
  duration layer(std::uint32_t i, std::uint32_t n) const;
  /// Of the same: of the first entry with as many rows or more, else of the last. All of the device where it is not
  /// known.
  resource_use use(std::uint32_t i, std::uint32_t n) const;
  /// The sum over all layers.
  duration whole(std::uint32_t n) const;

  friend bool operator==(const latency_table&, const latency_table&) = default;
};

} // namespace baton::metadata
