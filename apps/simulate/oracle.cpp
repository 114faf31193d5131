#include "apps/simulate/oracle.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace baton::apps::simulate {
namespace {

constexpr int price_steps = 4000;
/// Of the work, so that rounding never makes the bound too small.
constexpr double rounding = 1e-9;

/// Kinds of devices: their lanes, and what a run of each model takes there.
struct speeds {
  std::vector<double> lanes;
  std::vector<std::vector<double>> times; ///< by model and kind, ns
};

speeds speeds_of(const scheduling::emulation& what) {
  speeds s;
  s.lanes.resize(what.where->speeds.size());
  for (const auto& d : what.where->devices.devices)
    s.lanes[d.kind] += d.lanes;
  for (const auto& m : what.models) {
    auto& row = s.times.emplace_back();
    for (const auto& speed : what.where->speeds) {
      duration whole{};
      const auto& table = *m.on(speed.kind->name);
      for (std::uint32_t i = 0; i < table.layer_count(); ++i)
        whole += speed.scaled(table.layer(i, 1));
      row.push_back(static_cast<double>(whole.count()));
    }
  }
  return s;
}

double cheapest(const std::vector<double>& times, const std::vector<double>& prices, std::size_t& where) {
  double least = INFINITY;
  for (std::size_t k = 0; k < prices.size(); ++k)
    if (times[k] * prices[k] < least) {
      least = times[k] * prices[k];
      where = k;
    }
  return least;
}

/// Exponentiated gradient ascent: a kind that is the cheapest for more than it can do becomes dearer.
std::vector<double> prices_for(const speeds& s, const std::vector<double>& popularity) {
  const auto kinds = s.lanes.size();
  std::vector<double> share(kinds, 1.0 / static_cast<double>(kinds)); // of all lanes of the kind together
  std::vector<double> prices(kinds);
  std::vector<double> best;
  double most = -1;
  for (int step = 1; step <= price_steps; ++step) {
    for (std::size_t k = 0; k < kinds; ++k)
      prices[k] = share[k] / s.lanes[k];
    std::vector<double> load(kinds);
    double cost = 0;
    for (std::size_t m = 0; m < s.times.size(); ++m) {
      std::size_t where = 0;
      cost += popularity[m] * cheapest(s.times[m], prices, where);
      load[where] += popularity[m] * s.times[m][where] / s.lanes[where];
    }
    if (cost > most) {
      most = cost;
      best = prices;
    }
    const auto highest = *std::max_element(load.begin(), load.end());
    for (std::size_t k = 0; k < kinds; ++k)
      share[k] *= std::exp(load[k] / highest / std::sqrt(step));
    const auto sum = std::accumulate(share.begin(), share.end(), 0.0);
    for (auto& x : share)
      x /= sum;
  }
  return best;
}

/// More work in a span than it has time for.
struct tight {
  time_point from{};
  time_point to{};
  double left = 0; ///< time that nothing has been taken of
};

/// Spans from a release to a deadline in which not all requests can be done. @pre by release
std::vector<tight> tight_spans(const std::vector<relaxed_request>& all) {
  std::vector<time_point> deadlines;
  deadlines.reserve(all.size());
  for (const auto& r : all)
    deadlines.push_back(r.deadline);
  std::sort(deadlines.begin(), deadlines.end());
  deadlines.erase(std::unique(deadlines.begin(), deadlines.end()), deadlines.end());
  std::vector<double> work(deadlines.size()); // of requests released so far, from the last one on
  std::vector<tight> spans;
  for (auto i = all.size(); i-- > 0;) {
    const auto at = std::lower_bound(deadlines.begin(), deadlines.end(), all[i].deadline) - deadlines.begin();
    work[static_cast<std::size_t>(at)] += all[i].work;
    if (i > 0 && all[i - 1].release == all[i].release)
      continue;
    double sum = 0;
    for (auto d = static_cast<std::size_t>(std::upper_bound(deadlines.begin(), deadlines.end(), all[i].release)
                                           - deadlines.begin());
         d < deadlines.size(); ++d) {
      sum += work[d];
      const auto time = static_cast<double>((deadlines[d] - all[i].release).count());
      if (sum > time)
        spans.push_back({all[i].release, deadlines[d], time});
    }
  }
  return spans;
}

/// What is lost for sure in the span with the most excess work alone: its largest requests.
double least_loss(const std::vector<relaxed_request>& by_work, const std::vector<tight>& spans) {
  const tight* worst = nullptr;
  double most = 0;
  for (std::size_t i = 0; i < spans.size(); i += 1 + spans.size() / 256) { // some of them will do
    double excess = -spans[i].left;
    for (const auto& r : by_work)
      if (r.release >= spans[i].from && r.deadline <= spans[i].to)
        excess += r.work;
    if (excess > most) {
      most = excess;
      worst = &spans[i];
    }
  }
  double lost = 0;
  for (auto r = by_work.rbegin(); worst && r != by_work.rend() && most > 0; ++r)
    if (r->release >= worst->from && r->deadline <= worst->to) {
      lost += std::min(1.0, most / r->work);
      most -= r->work;
    }
  return lost;
}

} // namespace

std::vector<relaxed_request> relax(const scheduling::emulation& what,
                                   const std::vector<scheduling::workloads::arrival>& all) {
  const auto s = speeds_of(what);
  std::vector<double> popularity(what.models.size());
  for (const auto& a : all)
    popularity[a.model] += 1;
  const auto prices = prices_for(s, popularity);
  std::vector<relaxed_request> requests;
  requests.reserve(all.size());
  for (const auto& a : all) {
    std::size_t where = 0;
    const auto work = cheapest(s.times[a.model], prices, where) * (1 - rounding);
    requests.push_back({a.at, a.deadline, work});
  }
  return requests;
}

double most_in_time(std::vector<relaxed_request> all, double enough) {
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.release < b.release; });
  auto spans = tight_spans(all);
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.work < b.work; });
  const auto count = static_cast<double>(all.size());
  if (const auto bound = count - least_loss(all, spans); bound < enough)
    return bound;
  double done = 0;
  double undone = 0;
  for (const auto& r : all) {
    auto fits = r.work;
    const auto holds = [&](const tight& t) { return t.from <= r.release && t.to >= r.deadline; };
    for (const auto& t : spans)
      if (holds(t))
        fits = std::min(fits, t.left);
    for (auto& t : spans)
      if (holds(t))
        t.left = std::max(0.0, t.left - fits);
    done += fits / r.work;
    undone += 1 - fits / r.work;
    if (count - undone < enough)
      return count - undone;
  }
  return done;
}

} // namespace baton::apps::simulate
