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
    for (auto d = v.next_soon({0}, defaults::ahead); d; d = v.next_soon({d->value + 1}, defaults::ahead)) {
      const auto first = v.first_waiting(*d);
      if (!first)
        continue;
      if (const auto free = v.free_at(*d); free > v.now()) {
        bring_forward(v, when, free - lead(v, *first, *d, first->rows));
        if (const auto rows = rows_that_wait(v, *first); rows > first->rows)
          bring_forward(v, when, free - lead(v, *first, *d, rows));
      } else { // it waits there
        bring_forward(v, when, v.first_free_beside(*d));
        if (first->deadline == never)
          bring_forward(v, when, first->since + longest_wait(v.prospect_of(*first, *d)));
      }
    }
    return when;
  }

  std::optional<decision> decide(const view& v, device_id d) const override {
    const bool free = v.has_free_lane(d);
    if (!free && !takes_ahead(v, d, defaults::ahead))
      return give_way(v, d);
    const auto busy_for = v.free_at(d) - v.now();
    if (const auto first = v.first_waiting(d);
        !first || (!free && busy_for > lead(v, *first, d, rows_that_wait(v, *first))))
      return std::nullopt;
    auto [heads, all] = v.heads_in_time(d);
    while (!heads.empty()) {
      const auto t = std::min_element(heads.begin(), heads.end(), [&, all = all](const auto& a, const auto& b) {
        return all ? is_due(a, b) : brings_more(v, d, a, b); // where not, there is more than can be done
      });
      if (!free || v.fits(t->shape, d))
        if (const auto batch = gather(v, *t, d, options_.most_rows, t->deadline, !free); !should_wait(v, d, batch))
          return free || busy_for <= lead(batch.moving) ? std::optional{start(batch)} : std::nullopt;
      heads.erase(t);
    }
    return std::nullopt;
  }

private:
  /// How long before a device is free what comes over to it should set out; of what need not, it takes a message.
  static duration lead(duration moving) { return moving > duration{} ? moving : defaults::ahead; }
  static duration lead(const view& v, waiting_task t, device_id d, std::int64_t rows) {
    t.rows = rows;
    return lead(v.prospect_of(t, d).moving);
  }
  std::int64_t rows_that_wait(const view& v, const waiting_task& t) const {
    if (options_.most_rows == 1)
      return t.rows;
    return std::max(t.rows, std::min(t.rows * static_cast<std::int64_t>(v.waiting(t.shape)), options_.most_rows));
  }
  /// Of a task without a deadline, on a device that is free.
  static duration longest_wait(const prospect& p) { return 4 * p.whole(); }

  /// Whether it would leave no device free for requests that are to come and could not wait, and can wait itself, with
  /// those like it, until there is another.
  static bool should_wait(const view& v, device_id d, const together& t) {
    if (v.running(d).size() + 1 < v.devices().at(d).lanes)
      return false;
    const auto now = v.free_at(d);
    const auto other = v.first_free_beside(d);
    if (other == never || other <= now)
      return false;
    const auto alone = v.prospect_of(t.first, d);
    if (t.first.deadline == never)
      return now - t.first.since < longest_wait(alone) && expected_late(v, d, other) > defaults::most_late_millionths;
    const auto takes = t.others.empty() ? alone.whole() : t.moving + t.takes + t.result;
    const auto turns = static_cast<std::int64_t>(v.waiting(t.first.shape) / (1 + t.others.size()));
    const auto others = static_cast<std::int64_t>(v.devices().devices.size() - 1);
    if (other + std::max(takes, takes * turns / others) > t.first.deadline)
      return false;
    return expected_late(v, d, std::min(other, now + takes)) > defaults::most_late_millionths;
  }
  /// Requests that come until then and are late if no device takes them before, though `d` would have them in time;
  /// millionths.
  static std::int64_t expected_late(const view& v, device_id d, time_point next) {
    wide result = 0;
    for (const auto& x : v.traffic()) {
      const auto takes = v.predicted(x.shape, d);
      const auto lost = next - v.now() - (x.allowance - takes);
      const auto gap = std::max({x.gap, v.now() - x.last, duration{1000}});
      if (takes > duration{} && takes < x.allowance && lost > duration{} && x.gap > duration{})
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
      const auto takes = v.prospect_of(t, d).whole() + defaults::quantum; // what has been issued
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
             && v.free_at(e.id) + v.prospect_of(t, e.id).whole() <= t.deadline;
    });
  }

  joining_options options_;
};

} // namespace

std::unique_ptr<policy> make_marginal_slo(joining_options o) {
  return std::make_unique<slo>(o);
}

} // namespace baton::scheduling::policies
