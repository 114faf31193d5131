#include <algorithm>

#include "scheduling/policies/marginal.hpp"

namespace baton::scheduling::policies {

namespace {

/// A class of tasks that wait, and what one of them costs on each kind of devices.
struct offer {
  waiting_task head;
  std::int64_t tasks = 1;
  std::vector<duration> cost;
};

/// The devices of one kind, but for the one that is asked.
struct kind_state {
  std::uint32_t kind = 0;
  device_id one;            ///< of them
  std::int64_t devices = 0; ///< that are up
  duration load{};          ///< of all of them, for what they were given
  std::int64_t price = 1 << 16;
};

class makespan final : public marginal {
public:
  makespan() : marginal("marginal:makespan") {}

  bool before(const waiting_task&, const waiting_task&) const override { return false; }

  std::optional<decision> decide(const view& v, device_id d) const override {
    const bool free = v.has_free_lane(d);
    if (!free && !takes_ahead(v, d))
      return std::nullopt;
    if (const auto t = pick(v, d))
      return decision{t->task, std::nullopt};
    if (free && v.free_at(d) <= v.now())
      if (const auto late = steal(v, d))
        return decision{std::nullopt, late};
    return std::nullopt;
  }

private:
  static std::optional<waiting_task> pick(const view& v, device_id d) {
    auto offers = offers_for(v, d);
    if (offers.empty())
      return std::nullopt;
    auto kinds = kinds_of(v, d);
    for (auto& o : offers)
      for (const auto& k : kinds)
        o.cost.push_back(std::max(v.left(o.head.task, k.kind == v.devices().at(d).kind ? d : k.one), duration{1}));
    set_prices(kinds, offers);
    const auto mine = static_cast<std::size_t>(
        std::find_if(kinds.begin(), kinds.end(), [&](const auto& k) { return k.kind == v.devices().at(d).kind; })
        - kinds.begin());
    std::sort(offers.begin(), offers.end(),
              [&](const offer& a, const offer& b) { return is_more_for(a, b, kinds, mine); });
    for (const auto& o : offers)
      if (is_worth(v, d, o, offers, kinds, mine))
        return o.head;
    return std::nullopt;
  }

  static std::vector<offer> offers_for(const view& v, device_id d) {
    std::vector<offer> result;
    for (const auto& head : v.heads(d))
      result.push_back({head, 1, {}});
    for (auto& o : result)
      if (o.head.laid_out_by == no_device) {
        auto begun = std::count_if(result.begin(), result.end(), [&](const offer& x) {
          return x.head.shape == o.head.shape && x.head.laid_out_by != no_device;
        });
        o.tasks = std::max<std::int64_t>(1, static_cast<std::int64_t>(v.waiting(o.head.shape)) - begun);
      }
    return result;
  }

  static std::vector<kind_state> kinds_of(const view& v, device_id d) {
    std::vector<kind_state> kinds;
    for (const auto& other : v.devices().devices) {
      auto k = std::find_if(kinds.begin(), kinds.end(), [&](const auto& x) { return x.kind == other.kind; });
      if (k == kinds.end())
        k = kinds.insert(k, {other.kind, other.id});
      if (other.id == d)
        continue;
      ++k->devices;
      k->load += v.free_at(other.id) - v.now();
    }
    return kinds;
  }

  /// What an hour of a device of each kind is worth, so that each class's cheapest kind gives all kinds as much to do.
  static void set_prices(std::vector<kind_state>& kinds, const std::vector<offer>& offers) {
    for (std::int64_t step = 4; step <= 64 && kinds.size() > 2; step += step / 2) {
      std::vector<duration> load;
      for (const auto& k : kinds)
        load.push_back(k.load);
      for (const auto& o : offers) {
        std::size_t best = 0;
        for (std::size_t k = 1; k < kinds.size(); ++k)
          if (wide{o.cost[k].count()} * kinds[k].price < wide{o.cost[best].count()} * kinds[best].price)
            best = k;
        load[best] += o.cost[best] * o.tasks;
      }
      std::size_t most = 0;
      std::size_t least = 0;
      for (std::size_t k = 0; k < kinds.size(); ++k) {
        load[k] /= std::max<std::int64_t>(1, kinds[k].devices);
        most = load[k] > load[most] ? k : most;
        least = load[k] < load[least] ? k : least;
      }
      kinds[most].price += kinds[most].price / step;
      kinds[least].price -= kinds[least].price / step;
    }
  }

  /// Whether kind `mine` is better for `a` than for `b`, measured by the best of the others.
  static bool is_more_for(const offer& a, const offer& b, const std::vector<kind_state>& kinds, std::size_t mine) {
    const auto elsewhere = [&](const offer& o) {
      wide least = -1;
      for (std::size_t k = 0; k < kinds.size(); ++k)
        if (const auto cost = wide{o.cost[k].count()} * kinds[k].price; k != mine && (least < 0 || cost < least))
          least = cost;
      return least < 0 ? wide{1} : least;
    };
    const auto x = elsewhere(a) * b.cost[mine].count();
    const auto y = elsewhere(b) * a.cost[mine].count();
    if (x != y)
      return x > y;
    return a.cost[mine] != b.cost[mine] ? a.cost[mine] > b.cost[mine] : a.head.arrival < b.head.arrival;
  }

  /// Whether all that waits would not end sooner with the task left to the other devices. One that is begun here can go
  /// on there.
  static bool is_worth(const view& v, device_id d, const offer& o, const std::vector<offer>& offers,
                       const std::vector<kind_state>& kinds, std::size_t mine) {
    const auto here = v.free_at(d) - v.now() + o.cost[mine];
    for (std::size_t k = 0; k < kinds.size(); ++k) {
      if (kinds[k].devices == 0)
        continue;
      auto all = kinds[k].load;
      for (const auto& x : offers)
        all += x.cost[k] * x.tasks;
      const auto without = all / kinds[k].devices;
      if (here <= without)
        continue;
      const auto rest = (all - o.cost[k]) / kinds[k].devices; // when it would be taken over
      const auto saved = duration{static_cast<std::int64_t>(wide{o.cost[k].count()} * std::max<std::int64_t>(rest.count(), 0)
                                                            / o.cost[mine].count())};
      if (saved <= defaults::take_over)
        return false;
    }
    return true;
  }

  /// Of the tasks that others run, the one that gains most by being run here.
  static std::optional<task_id> steal(const view& v, device_id d) {
    std::optional<task_id> best;
    duration most = defaults::least_gain;
    for (const auto& other : v.devices().devices) {
      if (other.id == d || v.free_at(other.id) <= v.now())
        continue;
      for (const auto& r : v.running(other.id)) {
        if (!r.commandable || r.leaving)
          continue;
        const auto gain = v.left(r.task, other.id) - v.left(r.task, d);
        if (gain > most) {
          most = gain;
          best = r.task;
        }
      }
    }
    return best;
  }
};

} // namespace

std::unique_ptr<policy> make_marginal_makespan() {
  return std::make_unique<makespan>();
}

} // namespace baton::scheduling::policies
