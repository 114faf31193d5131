#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <vector>

#include "metadata/ids.hpp"

namespace baton::scheduling {

/// Some of a cluster's devices: a bit each, since who is in changes with every event.
class device_set {
public:
  explicit device_set(std::size_t devices) : words_((devices + bits - 1) / bits) {}

  bool contains(metadata::device_id d) const { return (words_[d.value / bits] >> d.value % bits & 1) != 0; }
  void keep(metadata::device_id d, bool in) {
    auto& w = words_[d.value / bits];
    const auto bit = word{1} << d.value % bits;
    w = in ? w | bit : w & ~bit;
  }
  bool empty() const { return !first_from({0}); }
  /// The first from `from` on, if there is one.
  std::optional<metadata::device_id> first_from(metadata::device_id from) const {
    std::uint32_t i = from.value / bits;
    if (i >= words_.size())
      return std::nullopt;
    for (auto w = words_[i] & ~word{0} << from.value % bits;; w = words_[i]) {
      if (w != 0)
        return metadata::device_id{i * bits + static_cast<std::uint32_t>(std::countr_zero(w))};
      if (++i == words_.size())
        return std::nullopt;
    }
  }

private:
  using word = std::uint64_t;
  static constexpr std::uint32_t bits = 64;

  std::vector<word> words_;
};

} // namespace baton::scheduling
