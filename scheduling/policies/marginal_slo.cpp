#include <algorithm>

#include "scheduling/policies/joining.hpp"
#include "scheduling/policies/marginal.hpp"

namespace baton::scheduling::policies {

namespace {

/// What a request in time is worth.
std::int64_t worth(std::int32_t priority) {
  return 1 + std::max(priority, 0);
}

class slo final : public marginal {
public:
  explicit slo(joining_options o) : marginal("marginal:slo"), options_(o) {}

  std::int64_t rank(const waiting_task& t) const override { return t.deadline.count(); }
  bool tells_priorities_apart() const override { return true; }
  std::int64_t most_rows() const override { return options_.most_rows; }

  std::optional<decision> decide(const view& v, device_id d) const override {
    const bool free = v.has_free_lane(d);
    if (!free && !takes_ahead(v, d, defaults::ahead))
      return give_way(v, d);
    auto [heads, all] = v.heads_in_time(d);
    while (!heads.empty()) {
      const auto t = std::min_element(heads.begin(), heads.end(), [&, all = all](const auto& a, const auto& b) {
        return all ? is_due(a, b) : brings_more(v, d, a, b); // where not, there is more than can be done
      });
      if (!free || (v.fits(t->shape, d) && !is_for_slower(v, d, *t)))
        return start(together_with(v, *t, d));
      heads.erase(t);
    }
    return std::nullopt;
  }

private:
  together together_with(const view& v, const waiting_task& t, device_id d) const {
    return gather(v, t, d, options_.most_rows, t.deadline - v.free_at(d) - v.prospect_of(t, d).moving);
  }
  static bool is_due(const waiting_task& a, const waiting_task& b) {
    if (a.deadline != b.deadline)
      return a.deadline < b.deadline;
    return a.priority != b.priority ? a.priority > b.priority : a.arrival < b.arrival;
  }
  static bool brings_more(const view& v, device_id d, const waiting_task& a, const waiting_task& b) {
    const auto x = wide{worth(a.priority)} * v.prospect_of(b, d).alone().count();
    const auto y = wide{worth(b.priority)} * v.prospect_of(a, d).alone().count();
    return x != y ? x > y : is_due(a, b);
  }
  /// Whether a free device that is slower makes it comfortably.
  static bool is_for_slower(const view& v, device_id d, const waiting_task& t) {
    if (t.deadline == never || t.pinned != no_device || v.devices().devices.size() > most_devices)
      return false;
    const auto here = v.prospect_of(t, d).alone();
    const auto left = t.deadline - v.now();
    return std::any_of(v.devices().devices.begin(), v.devices().devices.end(), [&](const auto& e) {
      if (e.id == d || !v.has_free_lane(e.id))
        return false;
      const auto takes = v.prospect_of(t, e.id).alone();
      if (takes <= here || takes * defaults::comfort_quarters / 4 > left)
        return false;
      const auto heads = v.heads_in_time(e.id).heads;
      return std::any_of(heads.begin(), heads.end(), [&](const auto& x) { return x.task == t.task; });
    });
  }

  /// A running task makes way for one that would be too late everywhere otherwise: if it still makes its own deadline,
  /// cannot make it anyhow, or is worth less.
  static std::optional<decision> give_way(const view& v, device_id d) {
    if (v.devices().devices.size() > most_devices || !v.first_waiting(d))
      return std::nullopt;
    const auto running = v.running(d);
    if (running.size() != 1 || !may_be_taken(v, running.front()))
      return std::nullopt;
    const auto& r = running.front();
    const auto own = v.prospect_of(r.task, d).work;
    std::optional<waiting_task> best;
    for (const auto& t : v.heads_in_time(d).heads) {
      const auto takes = v.prospect_of(t, d).alone() + defaults::look_again; // what has been issued, at a guess
      if (t.deadline == never || v.now() + takes > t.deadline || can_wait(v, t))
        continue;
      const bool harmless = r.deadline == never || v.now() + takes + own <= r.deadline || v.now() + own > r.deadline;
      if ((harmless || worth(r.priority) < worth(t.priority)) && (!best || worth(t.priority) > worth(best->priority)))
        best = t;
    }
    return best ? std::optional{decision{best->task, r.task}} : std::nullopt;
  }
  static bool can_wait(const view& v, const waiting_task& t) {
    return std::any_of(v.devices().devices.begin(), v.devices().devices.end(), [&](const auto& e) {
      return v.is_up(e.id) && v.predicted(t.shape, e.id) > duration{}
             && v.free_at(e.id) + v.prospect_of(t, e.id).alone() <= t.deadline;
    });
  }

  joining_options options_;
};

} // namespace

std::unique_ptr<policy> make_marginal_slo(joining_options o) {
  return std::make_unique<slo>(o);
}

} // namespace baton::scheduling::policies
