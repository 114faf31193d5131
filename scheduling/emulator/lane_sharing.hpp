#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "metadata/rate.hpp"
#include "metadata/resource_use.hpp"
#include "scheduling/task.hpp"

namespace baton::scheduling {

/// The parts of a plan's layers, one after the other: how long they take alone, and what they use of their device
/// meanwhile.
struct plan_course {
  std::vector<std::uint32_t> first; ///< of each layer its first part, and their number
  std::vector<duration> until;      ///< from the start to each part, and to the end
  std::vector<metadata::resource_use> uses;
  std::vector<std::uint32_t> other; ///< of each part: the first behind it that uses something else, or the end

  plan_course() = default;
  /// Of layers, whose time their parts share evenly; no `parts`: one each. @pre as many of all
  plan_course(const std::vector<duration>& times, const std::vector<metadata::resource_use>& used,
              const std::vector<std::uint32_t>& parts = {});

  std::uint32_t part(position p) const { return first[p.layer] + p.part; }
  duration between(position from, position to) const { return until[part(to)] - until[part(from)]; }
};

/// How far segments have come that run at once on lanes of one device, part by part: each takes as many times as long
/// as `metadata::slowdown` says of what is under way, so that a change on one lane is felt on all from then on.
/// Alone a segment takes its time to the nanosecond; else what happens does so at the next whole one, and nothing is
/// lost by that within a segment: what is done is counted in 2^-20 ns. Never looks at a clock.
class lane_sharing {
public:
  explicit lane_sharing(std::size_t lanes) : lanes_(lanes) {}

  /// The lane runs the parts from `first` up to `last`, from `at` on. @pre it is clear; `at` is not in the past; `of`
  /// outlives that
  void put(std::uint32_t lane, const plan_course& of, std::uint32_t first, std::uint32_t last, time_point at);
  /// @pre not backwards, nor beyond `next`
  void bring_to(time_point now);
  /// The first lane whose segment is at its end.
  std::optional<std::uint32_t> done() const;
  void clear(std::uint32_t lane) { lanes_[lane].reset(); }
  /// When a segment begins, ends, or comes to a part of other use beside others; `never`: nothing runs.
  time_point next() const;

private:
  struct run {
    const plan_course* of = nullptr;
    std::uint32_t part = 0; ///< under way
    std::uint32_t last = 0;
    time_point begins{};
    metadata::wide left = 0; ///< of all of it, in 2^-20 ns

    /// Of that, what is left from `before` on.
    metadata::wide behind(std::uint32_t before) const;
  };
  bool runs(const std::optional<run>& r) const { return r && r->begins <= now_ && r->left > 0; }
  std::uint32_t slowed() const;

  std::vector<std::optional<run>> lanes_;
  time_point now_{};
};

} // namespace baton::scheduling
