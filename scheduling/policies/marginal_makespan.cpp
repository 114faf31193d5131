#include <algorithm>
#include <array>

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

/// Above it nothing is enumerated.
constexpr std::int64_t most_ways = 1024;

class makespan final : public marginal {
public:
  makespan() : marginal("marginal:makespan") {}

  std::optional<decision> decide(const view& v, device_id d) const override {
    const bool free = v.has_free_lane(d);
    if (free || takes_ahead(v, d, defaults::ahead))
      if (const auto t = pick(v, d); t && (!free || v.fits(t->shape, d)))
        return decision{t->task, std::nullopt};
    if (!v.first_waiting(d) && (free || takes_ahead(v, d, defaults::take_over)))
      if (const auto late = steal(v, d))
        return decision{std::nullopt, late};
    return free ? std::nullopt : swap(v, d);
  }

  std::optional<time_point> ask_again(const view& v) const override {
    auto when = marginal::ask_again(v);
    const auto& all = v.devices().devices;
    for (const auto& d : all)
      if (v.free_at(d.id) > v.now()) {
        bring_forward(v, when, v.free_at(d.id) - defaults::take_over);
        if (all.size() <= most_devices && v.first_waiting(d.id))
          bring_forward(v, when, v.now() + defaults::look_again);
      }
    return when;
  }

private:
  static std::optional<waiting_task> pick(const view& v, device_id d) {
    const auto s = look(v, d);
    if (s.offers.empty())
      return std::nullopt;
    if (const auto plan = of_whole_tasks(s, v.free_at(d) - v.now()); plan && plan->first)
      return s.offers[*plan->first].head;
    for (const auto& o : s.offers)
      if (is_worth(v, d, o, s))
        return o.head;
    return std::nullopt;
  }

  /// Whether a running task should rather end elsewhere, and what is to run here instead.
  static std::optional<decision> swap(const view& v, device_id d) {
    if (v.devices().devices.size() > most_devices)
      return std::nullopt;
    const auto running = v.running(d);
    if (running.size() != 1 || !may_be_taken(v, running.front()))
      return std::nullopt;
    auto s = look(v, d);
    if (s.offers.empty())
      return std::nullopt;
    const auto stays = of_whole_tasks(s, v.free_at(d) - v.now());
    if (!stays)
      return std::nullopt;
    const auto& r = running.front();
    offer back{{.task = r.task, .laid_out_by = d, .shape = r.shape}, 1, {}};
    const auto issued = v.prospect_of(r.task, s.kinds[1 - s.mine].one).issued;
    for (const auto& k : s.kinds)
      back.cost.push_back(v.prospect_of(r.task, k.kind == s.kinds[s.mine].kind ? d : k.one).alone());
    s.offers.push_back(back);
    const auto goes = of_whole_tasks(s, issued);
    // As long as the others would end later it gets on here. What has been begun waits for its turn: two never take
    // the device from each other.
    if (!goes || !goes->first || s.offers[*goes->first].head.laid_out_by != no_device
        || goes->end + defaults::least_gain >= stays->end || goes->here + defaults::look_again / 2 < goes->there)
      return std::nullopt;
    return decision{s.offers[*goes->first].head.task, r.task};
  }

  struct situation {
    std::vector<offer> offers; ///< by what this device is best for
    std::vector<kind_state> kinds;
    std::size_t mine = 0; ///< this device's
  };
  static situation look(const view& v, device_id d) {
    situation s{offers_for(v, d), {}, 0};
    if (s.offers.empty())
      return s;
    s.kinds = kinds_of(v, d);
    while (s.kinds[s.mine].kind != v.devices().at(d).kind)
      ++s.mine;
    for (auto& o : s.offers)
      for (std::size_t k = 0; k < s.kinds.size(); ++k)
        o.cost.push_back(std::max(v.prospect_of(o.head, k == s.mine ? d : s.kinds[k].one).alone(), duration{1}));
    set_prices(s.kinds, s.offers);
    std::sort(s.offers.begin(), s.offers.end(),
              [&](const offer& a, const offer& b) { return is_more_for(a, b, s.kinds, s.mine); });
    return s;
  }

  /// Whole tasks have to fit near the end: of all ways to share them out between two kinds that which ends first.
  struct shares {
    duration here{}; ///< until this kind has done its share
    duration there{};
    duration end = duration::max();
    std::optional<std::size_t> first; ///< of this kind's share
  };
  /// `busy`: how long this device is. Nothing: there are too many ways.
  static std::optional<shares> of_whole_tasks(const situation& s, duration busy) {
    std::int64_t ways = 1;
    for (const auto& o : s.offers)
      if ((ways *= o.tasks + 1) > most_ways)
        return std::nullopt;
    if (s.kinds.size() != 2 || s.kinds[1 - s.mine].devices == 0)
      return std::nullopt;
    const auto devices = std::array{s.kinds[s.mine].devices + 1, s.kinds[1 - s.mine].devices};
    auto here = s.kinds[s.mine].load + busy;
    auto there = s.kinds[1 - s.mine].load;
    for (const auto& o : s.offers)
      there += o.cost[1 - s.mine] * o.tasks;
    std::vector<std::int64_t> taken(s.offers.size());
    shares best;
    for (std::int64_t way = 0; way < ways; ++way) {
      const auto mine = here / devices[0];
      const auto others = there / devices[1];
      if (const auto end = std::max(mine, others); end < best.end) {
        const auto first = std::find_if(taken.begin(), taken.end(), [](auto n) { return n > 0; }) - taken.begin();
        best = {mine, others, end, {}};
        if (first < static_cast<std::ptrdiff_t>(taken.size()))
          best.first = first;
      }
      for (std::size_t i = 0; i < taken.size(); ++i) { // counts on, the first class fastest
        const auto& o = s.offers[i];
        if (taken[i] < o.tasks) {
          ++taken[i];
          here += o.cost[s.mine];
          there -= o.cost[1 - s.mine];
          break;
        }
        here -= o.cost[s.mine] * taken[i];
        there += o.cost[1 - s.mine] * taken[i];
        taken[i] = 0;
      }
    }
    return best;
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
      if (other.id == d || !v.is_up(other.id))
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
      load.reserve(kinds.size());
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
  static bool is_worth(const view& v, device_id d, const offer& o, const situation& s) {
    const auto here = v.free_at(d) - v.now() + o.cost[s.mine];
    for (std::size_t k = 0; k < s.kinds.size(); ++k) {
      const auto& kind = s.kinds[k];
      if (kind.devices == 0)
        continue;
      auto all = kind.load;
      for (const auto& x : s.offers)
        all += x.cost[k] * x.tasks;
      if (here <= std::max(all, kind.load + o.cost[k] * kind.devices) / kind.devices)
        continue;
      const auto rest = std::max((all - o.cost[k]) / kind.devices, duration{}); // when it would be taken over
      const auto saved = metadata::to_duration(wide{o.cost[k].count()} * rest.count() / o.cost[s.mine].count());
      if (saved <= defaults::take_over && can_run(v, kind.one, o.head))
        return false;
    }
    return true;
  }

  /// Of the tasks that others run, the one that gains most by being run here.
  static std::optional<task_id> steal(const view& v, device_id d) {
    std::optional<task_id> best;
    duration most = defaults::least_gain;
    if (v.devices().devices.size() > most_devices)
      return best;
    for (const auto& other : v.devices().devices) {
      if (other.id == d || v.free_at(other.id) <= v.now())
        continue;
      for (const auto& r : v.running(other.id)) {
        if (!may_be_taken(v, r) || v.predicted(r.shape, d) == duration{}) // there is no plan for it, or not a whole one
          continue;
        const auto gain =
            v.prospect_of(r.task, other.id).work - v.prospect_of(r.task, d).alone() - (v.free_at(d) - v.now());
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
