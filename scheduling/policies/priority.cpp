#include <algorithm>

#include "scheduling/policies/policies.hpp"

namespace baton::scheduling::policies {

namespace {

class priority final : public policy {
public:
  std::string_view name() const override { return "priority"; }
  std::int64_t rank(const waiting_task& t) const override { return -std::int64_t{t.priority}; }

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
    auto all = v.common_first();
    auto lowest = all.same ? lowest_of_all(v) : lowest_where_first(v, *first);
    if (!lowest || lowest->device != d || lowest->priority >= first->priority)
      return std::nullopt;
    return decision{first->task, lowest->task};
  }

  std::optional<device_id> next(const view& v, device_id from) const override {
    auto all = v.common_first();
    if (!all.same)
      return policy::next(v, from);
    auto found = v.next_crowded(from);
    while (found && !lowest_of_too_many(v, *found))
      found = v.next_crowded({found->value + 1});
    auto consider = [&](device_id d) {
      if (d >= from && (!found || d < *found))
        found = d;
    };
    if (!all.first)
      return found;
    if (auto free = v.next_free(from))
      consider(*free);
    else if (auto lowest = lowest_of_all(v); lowest && lowest->priority < all.first->priority)
      consider(lowest->device);
    return found;
  }

private:
  /// Whose lane a task would take that is the first for every device; nothing while there is a free one.
  static std::optional<running_task> lowest_of_all(const view& v) {
    return v.next_free({0}) ? std::nullopt : v.least_urgent();
  }
  static std::optional<running_task> lowest_where_first(const view& v, const waiting_task& first) {
    std::optional<running_task> lowest;
    for (const auto& other : v.devices().devices) {
      auto wants = v.first_waiting(other.id);
      if (!wants || wants->task != first.task)
        continue;
      if (v.has_free_lane(other.id))
        return std::nullopt;
      for (const auto& r : v.running(other.id))
        if (r.commandable && (!lowest || gives_way(r, *lowest)))
          lowest = r;
    }
    return lowest;
  }
  /// A task that was handed on can come to a device whose lanes are taken: the lowest gives way to a higher one.
  static std::optional<task_id> lowest_of_too_many(const view& v, device_id d) {
    if (v.next_crowded(d) != d)
      return std::nullopt;
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
