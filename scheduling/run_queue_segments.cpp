#include <algorithm>
#include <utility>

#include "scheduling/run_queue.hpp"

/// What runs next, and what a completion means.
namespace baton::scheduling {

/// The task whose segment the lane would run next: its owner, or the first of the ready ones.
template <class Queue>
auto run_queue::pick(Queue& q, std::uint32_t lane) -> decltype(&q.tasks_.begin()->second) {
  const auto& l = q.lanes_[lane];
  if (l.in_flight.size() >= q.config_.max_in_flight)
    return nullptr;
  if (!l.owner) {
    const auto ready = q.pick_ready(lane);
    return ready ? &q.tasks_.at(*ready) : nullptr;
  }
  auto& r = q.tasks_.at(*l.owner);
  return r.cancelling || r.failure || q.is_due(r) || r.what.at == r.profile->end()
                 || r.profile->lacking.has(r.what.at.layer)
             ? nullptr
             : &r;
}

std::optional<segment> run_queue::next() {
  if (in_flight_ == lanes_.size() * config_.max_in_flight)
    return std::nullopt; // what a host hears after most segments
  const auto all = static_cast<std::uint32_t>(lanes_.size());
  const auto urgent = config_.urgent_lanes; // the last ones come first
  for (std::uint32_t i = 0; i < all; ++i) {
    const auto lane = i < urgent ? all - urgent + i : i - urgent;
    if (auto* r = pick(*this, lane))
      return issue(lane, *r);
  }
  return std::nullopt;
}

bool run_queue::has_next() const {
  for (std::uint32_t lane = 0; lane < lanes_.size(); ++lane)
    if (pick(*this, lane))
      return true;
  return false;
}

std::optional<task_id> run_queue::pick_ready(std::uint32_t lane) const {
  const auto lanes = lanes_.size() - config_.urgent_lanes;
  const auto taken =
      std::count_if(lanes_.begin(), lanes_.end(), [](const lane_state& l) { return l.owner.has_value(); });
  if (static_cast<std::size_t>(taken) >= lanes)
    return std::nullopt;
  const record* best = nullptr;
  auto before = [](const record& a, const record& b) {
    return std::pair{-std::int64_t{a.what.priority}, a.arrival} < std::pair{-std::int64_t{b.what.priority}, b.arrival};
  };
  for (const auto& [id, r] : tasks_)
    if (!r.lane && !r.given_to && !r.cancelling && !r.failure && !r.profile->lacking.has(r.what.at.layer)
        && (!best || before(r, *best)))
      best = &r;
  return best && (lane < lanes || is_urgent(*best)) ? std::optional{best->what.id} : std::nullopt;
}

/// Something is under way here, and all that runs or drains is less important.
bool run_queue::is_urgent(const record& r) const {
  auto anything = false;
  for (const auto& l : lanes_) {
    if (l.owner && tasks_.at(*l.owner).what.priority >= r.what.priority)
      return false;
    for (const auto& s : l.in_flight) {
      if (s.priority >= r.what.priority)
        return false;
      anything = true;
    }
  }
  return anything;
}

segment run_queue::issue(std::uint32_t lane, record& r) {
  auto& l = lanes_[lane];
  l.owner = r.what.id;
  r.lane = lane;
  segment s{r.what.id, {lane}, ++l.issued, r.what.at, segment_end(r)};
  r.what.at = s.end;
  ++r.in_flight;
  ++in_flight_;
  l.in_flight.push_back({s, r.arrival, r.what.priority});
  return s;
}

/// About one quantum of parts from the issued frontier: at least one part; the rest of one layer at quantum 0; never
/// past a standing order's position, nor into a layer that the device lacks: an order to leave is on its way.
position run_queue::segment_end(const record& r) const {
  const auto& p = *r.profile;
  auto end = p.end();
  if (r.standing.what != order::kind::none && r.standing.at > r.what.at)
    end = std::min(end, r.standing.at);
  if (auto gap = p.lacking.first(r.what.at))
    end = std::min(end, *gap);
  auto at = r.what.at;
  if (config_.quantum <= duration::zero())
    return std::min(end, position{at.layer + 1, 0});
  duration sum{};
  while (at < end) {
    auto cost = p.part_time[at.layer];
    if (at != r.what.at && sum + cost > config_.quantum)
      break;
    sum += cost;
    at = p.next(at);
  }
  return at;
}

/// Takes the completed segment off its lane; the record it belongs to, if it is still of the same stay.
run_queue::record* run_queue::settle(lane_id lane, std::uint64_t sequence) {
  auto& l = lanes_.at(lane.value);
  if (l.in_flight.empty() || l.in_flight.front().what.sequence != sequence)
    return nullptr;
  const auto& s = l.in_flight.front();
  auto i = tasks_.find(s.what.task);
  const bool is_of_this_stay = i != tasks_.end() && i->second.arrival == s.stay;
  if (is_of_this_stay) {
    i->second.done = s.what.end;
    --i->second.in_flight;
  }
  l.in_flight.pop_front();
  --in_flight_;
  return is_of_this_stay ? &i->second : nullptr;
}

void run_queue::submitted(const segment& s, effects& out) {
  if (config_.max_in_flight == 1)
    return;
  if (auto i = tasks_.find(s.task); i != tasks_.end() && !i->second.given_to && i->second.has_orders())
    obey(i->second, out);
}

void run_queue::not_submitted(const segment& s, errc reason, std::string text, effects& out) {
  auto& lane = lanes_.at(s.lane.value);
  lane.in_flight.pop_back();
  --in_flight_;
  --lane.issued; // so that tickets stay those of the device
  auto& r = tasks_.at(s.task);
  r.what.at = s.begin;
  --r.in_flight;
  r.failure = error{reason, std::move(text)};
  fail(r, out);
}

void run_queue::completed(lane_id lane, std::uint64_t sequence, duration elapsed, effects& out) {
  auto* r = settle(lane, sequence);
  if (!r)
    return;
  r->busy += elapsed;
  r->what.spent.computing += elapsed;
  r->what.ready = {}; // it waited for that
  if (r->given_to)
    return;
  if (r->failure)
    fail(*r, out);
  else if (r->done == r->profile->end())
    end(*r, out);
  else if (r->has_orders())
    obey(*r, out);
}

void run_queue::failed_segment(lane_id lane, std::uint64_t sequence, errc reason, std::string text, effects& out) {
  auto* r = settle(lane, sequence);
  if (!r || r->given_to)
    return; // given away: whoever has it finds the ready ticket failed
  if (!r->failure)
    r->failure = error{reason, std::move(text)};
  fail(*r, out);
}

/// Ends a task that failed, once its last ticket is in: its buffers live until then.
void run_queue::fail(record& r, effects& out) {
  if (r.in_flight > 0)
    return;
  out.push_back(envelope{
      the_scheduler, failed{r.what.id, r.what.epoch, config_.self, r.failure->code, std::move(r.failure->message)}});
  if (r.cancelling)
    reply(r.cancelling->command, r.what.id, r.what.epoch, outcome::too_late, errc::none, {}, out);
  if (r.standing.what != order::kind::none)
    reply(r.standing.command, r.what.id, r.what.epoch, outcome::too_late, errc::none, {}, out);
  drop(r.what.id, true, out);
}

void run_queue::end(record& r, effects& out) {
  const auto domain = config_.devices->at(config_.self).domain;
  const auto id = r.what.id;
  const auto epoch = r.what.epoch;
  if (domain == host_domain) {
    finished f{id, epoch, config_.self, std::move(r.what.members), r.busy, r.what.spent, r.what.taken};
    out.push_back(envelope{the_controller, f});
    out.push_back(envelope{the_scheduler, std::move(f)});
  } else {
    out.push_back(envelope{transfer_of(host_domain), deliver{std::move(r.what), domain, config_.self, r.busy}});
  }
  if (r.cancelling)
    reply(r.cancelling->command, id, epoch, outcome::too_late, errc::none, {}, out);
  if (r.standing.what != order::kind::none)
    reply(r.standing.command, id, epoch, outcome::too_late, errc::none, {}, out);
  drop(id, true, out);
}

} // namespace baton::scheduling
