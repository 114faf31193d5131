#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>

/// Identifiers and positions that travel in messages, logs and the store. Numbers only: the handles behind them live in
/// a registry per domain. Each has an `inspect` in the form that the actor framework and the engine log both
/// understand.
namespace baton::metadata {

template <class Tag, class Int>
struct strong_id {
  Int value = 0;
  friend auto operator<=>(const strong_id&, const strong_id&) = default;
};

template <class Inspector, class Tag, class Int>
auto inspect(Inspector& f, strong_id<Tag, Int>& x) {
  return f(x.value);
}

using model_id = strong_id<struct model_tag, std::uint32_t>;
using request_id = strong_id<struct request_tag, std::uint64_t>;
/// 1 is the first try of a request, 2 the last.
using attempt_number = strong_id<struct attempt_tag, std::uint32_t>;
using task_id = strong_id<struct task_tag, std::uint64_t>;
/// Raised by each hand-over of a task.
using task_epoch = strong_id<struct epoch_tag, std::uint64_t>;
using command_id = strong_id<struct command_tag, std::uint64_t>;
using device_id = strong_id<struct device_tag, std::uint32_t>;
using domain_id = strong_id<struct domain_tag, std::uint32_t>;
using lane_id = strong_id<struct lane_tag, std::uint32_t>;

inline constexpr device_id no_device{UINT32_MAX};
inline constexpr domain_id no_domain{UINT32_MAX};
/// The head's host domain: inputs start and outputs end here.
inline constexpr domain_id host_domain{0};

/// Durations and points in time are integer nanoseconds; points count from the start of the runtime (or the emulation).
using duration = std::chrono::nanoseconds;
using time_point = std::chrono::nanoseconds;
inline constexpr time_point never{INT64_MAX};

/// Where a task is: the next part to run. `{layers, 0}` is the end.
struct position {
  std::uint32_t layer = 0;
  std::uint32_t part = 0;
  friend auto operator<=>(const position&, const position&) = default;
};
inline constexpr position end_position{UINT32_MAX, 0};

template <class Inspector>
auto inspect(Inspector& f, position& x) {
  return f(x.layer, x.part);
}

} // namespace baton::metadata

template <class Tag, class Int>
struct std::hash<baton::metadata::strong_id<Tag, Int>> {
  std::size_t operator()(const baton::metadata::strong_id<Tag, Int>& x) const noexcept {
    return std::hash<Int>{}(x.value);
  }
};
