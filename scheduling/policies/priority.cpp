#include <algorithm>
#include <tuple>

#include "scheduling/policies/policies.hpp"

namespace baton::scheduling::policies {

namespace {

/// Whether `a` should be taken off its device sooner than `b`: lower priority, then later arrival.
bool gives_way(const running_task& a, const running_task& b) {
  return std::tuple(a.priority, -static_cast<std::int64_t>(a.arrival), a.task)
         < std::tuple(b.priority, -static_cast<std::int64_t>(b.arrival), b.task);
}

class priority final : public policy {
public:
  std::string_view name() const override { return "priority"; }
  bool before(const waiting_task& a, const waiting_task& b) const override { return a.priority > b.priority; }

  std::optional<decision> decide(const view& v, device_id d) const override {
    if (auto crowded_out = lowest_of_too_many(v, d))
      return decision{std::nullopt, crowded_out};
    auto first = v.first_waiting(d);
    if (!first)
      return std::nullopt;
    if (v.has_free_lane(d))
      return decision{first->task, std::nullopt};
    // Nobody gives way while the task can have a free lane elsewhere, nor here while another device runs something
    // lower.
    std::optional<running_task> lowest;
    for (const auto& other : v.devices().devices) {
      auto wants = v.first_waiting(other.id);
      if (!wants || wants->task != first->task)
        continue;
      if (v.has_free_lane(other.id))
        return std::nullopt;
      for (const auto& r : v.running(other.id))
        if (r.commandable && (!lowest || gives_way(r, *lowest)))
          lowest = r;
    }
    if (!lowest || lowest->device != d || lowest->priority >= first->priority)
      return std::nullopt;
    return decision{first->task, lowest->task};
  }

private:
  /// A task that was handed on can come to a device whose lanes are taken: the lowest gives way to a higher one.
  static std::optional<task_id> lowest_of_too_many(const view& v, device_id d) {
    std::optional<running_task> lowest;
    std::int32_t highest = INT32_MIN;
    std::size_t staying = 0;
    for (const auto& r : v.running(d)) {
      if (r.leaving)
        continue;
      ++staying;
      highest = std::max(highest, r.priority);
      if (r.commandable && (!lowest || gives_way(r, *lowest)))
        lowest = r;
    }
    if (staying <= v.devices().at(d).lanes || !lowest || lowest->priority >= highest)
      return std::nullopt;
    return lowest->task;
  }
};

} // namespace

std::unique_ptr<policy> make_priority() {
  return std::make_unique<priority>();
}

} // namespace baton::scheduling::policies
