#include <algorithm>

#include "scheduling/policies/assigning.hpp"
#include "scheduling/policies/marginal.hpp"

namespace baton::scheduling::policies {

namespace {

class mean_latency final : public marginal {
public:
  mean_latency() : marginal("marginal:mean_latency") {}

  std::optional<decision> decide(const view& v, device_id d) const override {
    const bool free = v.has_free_lane(d);
    if (free || takes_ahead(v, d, defaults::ahead))
      if (const auto t = pick(v, d); t && (!free || v.fits(t->shape, d)))
        return decision{t->task, std::nullopt};
    return free ? std::nullopt : cut_in(v, d);
  }

private:
  /// What it takes here, times how much longer than where it takes least.
  static std::optional<waiting_task> pick(const view& v, device_id d) {
    const auto heads = v.heads(d);
    const auto t = least(heads, [&](const waiting_task& x) {
      const auto here = v.prospect_of(x, d).alone();
      const auto best =
          std::max(least_elsewhere(v, x, d, [&](device_id e) { return v.prospect_of(x, e).alone(); }), duration{1});
      return std::max(here, metadata::to_duration(wide{here.count()} * here.count() / best.count()));
    });
    if (!t || heads.size() > 1 || v.waiting(t->shape) > 1)
      return t;
    // The only one: it may wait for a faster device.
    const auto here = v.free_at(d) - v.now() + v.prospect_of(*t, d).alone();
    const auto there = least_elsewhere(v, *t, d, [&](device_id e) {
      return can_run(v, e, *t) ? v.free_at(e) - v.now() + v.prospect_of(*t, e).alone() : duration::max();
    });
    return there < here ? std::nullopt : t;
  }

  /// A short task ahead of what is left of a longer one, where the sum of both latencies gains.
  static std::optional<decision> cut_in(const view& v, device_id d) {
    if (v.devices().devices.size() > most_devices || !v.first_waiting(d))
      return std::nullopt;
    const auto running = v.running(d);
    if (running.size() != 1 || !may_be_taken(v, running.front()))
      return std::nullopt;
    const auto t = least(v.heads(d), [&](const waiting_task& x) { return v.prospect_of(x, d).alone(); });
    const auto takes = v.prospect_of(*t, d).alone();
    const auto ends = [&](device_id e) { return v.free_at(e) - v.now() + v.prospect_of(*t, e).alone(); };
    const auto waits = std::min(ends(d), least_elsewhere(v, *t, d, ends));
    // What has been issued still runs: one layer of it, at a guess.
    if (waits - takes - defaults::look_again <= takes + defaults::least_gain)
      return std::nullopt;
    return decision{t->task, running.front().task};
  }

  /// Of what `of` says of the other devices that can run the task; the longest duration if there are none.
  template <class Of>
  static duration least_elsewhere(const view& v, const waiting_task& t, device_id d, Of of) {
    auto result = duration::max();
    if (t.pinned == no_device && v.devices().devices.size() <= most_devices)
      for (const auto& e : v.devices().devices)
        if (e.id != d && v.is_up(e.id) && v.predicted(t.shape, e.id) > duration{})
          result = std::min(result, of(e.id));
    return result;
  }
};

} // namespace

std::unique_ptr<policy> make_marginal_latency() {
  return std::make_unique<mean_latency>();
}

} // namespace baton::scheduling::policies
