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
};

} // namespace

std::unique_ptr<policy> make_priority() {
  return std::make_unique<priority>();
}

} // namespace baton::scheduling::policies
