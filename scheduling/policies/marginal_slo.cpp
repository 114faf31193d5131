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
  std::optional<time_point> ask_again(const view& v) const override {
    auto when = v.soon(defaults::ahead);
    const auto sooner = [&](time_point at) { when = at > v.now() && (!when || at < *when) ? at : when; };
    for (auto d = v.next_soon({0}, defaults::ahead); d; d = v.next_soon({d->value + 1}, defaults::ahead))
      if (const auto first = v.first_waiting(*d)) {
        const auto free = v.free_at(*d);
        sooner(free > v.now() ? free - v.prospect_of(*first, *d).moving : v.first_free_beside(*d));
      }
    return when;
  }

  std::optional<decision> decide(const view& v, device_id d) const override {
    const bool free = v.has_free_lane(d);
    if (!free && !takes_ahead(v, d, defaults::ahead))
      return give_way(v, d);
    if (const auto first = v.first_waiting(d);
        !first || v.free_at(d) - v.now() > v.prospect_of(*first, d).moving * options_.most_rows)
      return std::nullopt;
    auto [heads, all] = v.heads_in_time(d);
    while (!heads.empty()) {
      const auto t = std::min_element(heads.begin(), heads.end(), [&, all = all](const auto& a, const auto& b) {
        return all ? is_due(a, b) : brings_more(v, d, a, b); // where not, there is more than can be done
      });
      if (!free || v.fits(t->shape, d))
        if (const auto batch = gather(v, *t, d, options_.most_rows, t->deadline, !free); !should_wait(v, d, batch))
          return free || v.free_at(d) - v.now() <= batch.moving ? std::optional{start(batch)} : std::nullopt;
      heads.erase(t);
    }
    return std::nullopt;
  }

private:
  /// Whether it would leave no device free for requests that are to come and could not wait, and can wait itself until
  /// there is another.
  static bool should_wait(const view& v, device_id d, const together& t) {
    if (v.running(d).size() + 1 < v.devices().at(d).lanes)
      return false;
    const auto other = v.first_free_beside(d);
    const auto takes = t.moving + (t.others.empty() ? v.prospect_of(t.first, d).work : t.takes);
    const auto now = v.free_at(d);
    if (other == never || other <= now)
      return false;
    if (t.first.deadline == never ? now - t.first.since > 4 * takes : other + takes > t.first.deadline)
      return false;
    return expected_late(v, d, std::min(other, now + takes)) > defaults::most_late_millionths;
  }
  /// Requests that come until then and are late if no device takes them before; millionths.
  static std::int64_t expected_late(const view& v, device_id d, time_point next) {
    wide result = 0;
    for (const auto& x : v.traffic()) {
      const auto lost = next - v.now() - (x.allowance - v.predicted(x.shape, d));
      const auto gap = std::max({x.gap, v.now() - x.last, duration{1000}});
      if (lost > duration{} && x.gap > duration{})
        result += wide{lost.count()} * 1'000'000 / gap.count();
    }
    return static_cast<std::int64_t>(result);
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
      const auto takes = v.prospect_of(t, d).alone() + defaults::quantum; // what has been issued
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
