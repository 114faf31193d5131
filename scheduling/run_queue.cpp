#include "scheduling/run_queue.hpp"

#include <algorithm>
#include <utility>

#include "scheduling/text_archive.hpp"

namespace baton::scheduling {

run_queue::run_queue(config c)
    : config_(std::move(c)), one_kind_(config_.devices->of_one_kind()),
      lanes_(config_.devices->at(config_.self).lanes + config_.urgent_lanes) {}

// -- commands
// ----------------------------------------------------------------------------------------------------------

void run_queue::on(accept m, std::shared_ptr<const plan_profile> profile, effects& out) {
  auto old = tasks_.find(m.what.id);
  auto seen = seen_.find(m.what.id);
  if ((old != tasks_.end() && !old->second.given_to) || (seen != seen_.end() && seen->second.epoch >= m.what.epoch)) {
    refuse(m, errc::stale_epoch, "the task has been handed over since", out);
    return;
  }
  // It can be back before the word that our own hand-over was accepted: then that is settled too.
  if (old != tasks_.end())
    tasks_.erase(old);
  remember(m.what.id, m.what.epoch, false);
  auto& r = tasks_[m.what.id];
  r.what = std::move(m.what);
  r.what.pieces = 1; // the host joins them
  if (auto last = std::exchange(r.what.taken.last, config_.self); last != no_device && last != config_.self)
    ++r.what.taken.moves;
  r.profile = std::move(profile);
  r.done = r.what.at;
  r.standing = m.then;
  r.arrival = ++arrivals_;
  if (m.giver != the_scheduler)
    out.push_back(envelope{m.giver, accepted{r.what.id, r.what.epoch}});
  reply(m.command, r.what.id, r.what.epoch, outcome::applied, errc::none, {}, out);
  obey(r, out);
}

void run_queue::refuse(const accept& m, errc reason, std::string text, effects& out) {
  if (m.giver != the_scheduler) {
    out.push_back(envelope{m.giver, declined{m.what.id, m.what.epoch, reason, std::move(text)}});
  } else {
    answer a{m.command, m.what.id, m.what.epoch, outcome::refused, reason, std::move(text), m.what.at};
    a.holder = the_scheduler;
    a.spent = m.what.spent;
    a.taken = m.what.taken;
    out.push_back(envelope{the_scheduler, std::move(a)});
  }
  if (m.then.what != order::kind::none)
    reply(m.then.command, m.what.id, m.what.epoch, outcome::not_here, errc::none, {}, out);
}

void run_queue::on(const preempt& m, effects& out) {
  auto* r = held_record(m.task, m.epoch);
  if (!r) {
    reply_unknown(m.command, m.task, m.epoch, out);
    return;
  }
  replace_order(*r, {order::kind::preempt, m.command, m.at, no_device}, out);
}

void run_queue::on(const hand_off& m, effects& out) {
  auto* r = held_record(m.task, m.epoch);
  if (!r) {
    reply_unknown(m.command, m.task, m.epoch, out);
    return;
  }
  replace_order(*r, {order::kind::hand_off, m.command, m.at, m.to}, out);
}

void run_queue::replace_order(record& r, const order& by, effects& out) {
  if (r.standing.what != order::kind::none)
    reply(r.standing.command, r.what.id, r.what.epoch, outcome::refused, errc::superseded, "a later command came first",
          out);
  r.standing = by;
  obey(r, out);
}

void run_queue::on(const cancel& m, effects& out) {
  auto* r = held_record(m.task, m.epoch);
  if (!r) {
    reply_unknown(m.command, m.task, m.epoch, out);
    return;
  }
  r->cancelling = m;
  obey(*r, out);
}

// -- hand-overs
// --------------------------------------------------------------------------------------------------------

void run_queue::on(const accepted& m, effects& out) {
  auto i = tasks_.find(m.task);
  if (i != tasks_.end() && i->second.given_to && i->second.what.epoch == m.epoch)
    drop(m.task, false, out);
}

void run_queue::on(const declined& m, effects& out) {
  auto i = tasks_.find(m.task);
  if (i != tasks_.end() && i->second.given_to && i->second.what.epoch == m.epoch)
    take_again(i->second, m.reason, m.message, out);
}

void run_queue::take_again(record& r, errc reason, const std::string& text, effects& out) {
  r.given_to.reset();
  remember(r.what.id, r.what.epoch, false);
  auto o = std::exchange(r.standing, {});
  reply(o.command, r.what.id, r.what.epoch, outcome::refused, reason, text, out);
}

/// Applies a cancel, preempt or hand-over that is due. May end the record.
void run_queue::obey(record& r, effects& out) {
  if (r.failure)
    return; // its end answers everything
  if (r.cancelling) {
    if (r.in_flight > 0)
      return; // its buffers live until the last ticket
    auto c = *r.cancelling;
    auto matches = [&](const member& m) { return m.request == c.request && m.attempt == c.attempt; };
    if (c.request.value == 0)
      r.what.members.clear();
    else
      std::erase_if(r.what.members, matches);
    r.cancelling.reset();
    auto standing = r.standing;
    reply(c.command, r.what.id, r.what.epoch, outcome::applied, errc::none, {}, out);
    if (!r.what.members.empty())
      return obey(r, out); // an order may be due
    if (standing.what != order::kind::none)
      reply(standing.command, r.what.id, r.what.epoch, outcome::too_late, errc::cancelled, {}, out);
    drop(r.what.id, true, out);
    return;
  }
  if (!is_due(r) || may_fail(r))
    return;
  if (r.standing.what == order::kind::preempt)
    give_back(r, out);
  else
    give_away(r, out);
}

bool run_queue::is_due(const record& r) const {
  return r.standing.what != order::kind::none && r.what.at >= r.standing.at && r.what.at != r.profile->end()
         && (one_kind_ || !r.profile->is_within_own_parts(r.what.at));
}

bool run_queue::may_fail(const record& r) const {
  if (r.in_flight == 0)
    return false;
  for (auto layer = r.done.layer; position{layer, 0} < r.what.at; ++layer)
    if (r.profile->may_fail(layer))
      return true;
  return false;
}

void run_queue::give_back(record& r, effects& out) {
  answer a{r.standing.command, r.what.id, {r.what.epoch.value + 1}, outcome::applied, errc::none, {}, r.what.at};
  a.holder = the_scheduler;
  a.values_in = config_.devices->at(config_.self).domain;
  a.laid_out_by = config_.self;
  a.ready = wrote_last(r);
  a.busy = r.busy;
  a.spent = r.what.spent;
  a.taken = r.what.taken;
  ++a.taken.preemptions;
  out.push_back(envelope{the_scheduler, std::move(a)});
  remember(r.what.id, {r.what.epoch.value + 1}, false);
  drop(r.what.id, false, out);
}

void run_queue::give_away(record& r, effects& out) {
  const auto& devices = *config_.devices;
  auto to = r.standing.to;
  if (!devices.has(to) || to == config_.self) {
    auto o = std::exchange(r.standing, {});
    reply(o.command, r.what.id, r.what.epoch, outcome::refused, errc::bad_argument, "no other device of that number",
          out);
    return;
  }
  free_lane(r);
  ++r.what.epoch.value;
  r.what.ready = wrote_last(r);
  auto me = worker_of(config_.self);
  if (devices.direct(config_.self, to)) {
    r.given_to = worker_of(to);
    out.push_back(envelope{*r.given_to, accept{r.standing.command, r.what, me, {}}});
    return;
  }
  auto into = devices.at(to).domain;
  r.given_to = transfer_of(into);
  auto from = devices.at(config_.self).domain;
  out.push_back(envelope{*r.given_to, bring{r.standing.command, r.what, from, config_.self, into, to, me, {}}});
}

// -- state
// -------------------------------------------------------------------------------------------------------------

run_queue::record* run_queue::held_record(task_id t, task_epoch e) {
  auto i = tasks_.find(t);
  return i == tasks_.end() || i->second.given_to || i->second.what.epoch != e ? nullptr : &i->second;
}

void run_queue::drop(task_id t, bool ended, effects& out) {
  auto i = tasks_.find(t);
  free_lane(i->second);
  remember(t, i->second.what.epoch, ended);
  tasks_.erase(i);
  out.push_back(release{t});
}

void run_queue::free_lane(record& r) {
  if (r.lane)
    lanes_[*r.lane].owner.reset();
  r.lane.reset();
}

void run_queue::remember(task_id t, task_epoch e, bool ended) {
  auto [i, fresh] = seen_.try_emplace(t);
  i->second.epoch = std::max(i->second.epoch, e);
  i->second.ended = ended;
  if (!fresh)
    return;
  seen_order_.push_back(t);
  if (seen_order_.size() <= defaults::remembered_epochs)
    return;
  if (tasks_.contains(seen_order_.front()))
    seen_order_.push_back(seen_order_.front()); // still here: not yet
  else
    seen_.erase(seen_order_.front());
  seen_order_.pop_front();
}

/// What whoever reads the task's values next must wait for: its last segment here, or what it came with.
ready_ticket run_queue::wrote_last(const record& r) const {
  if (r.in_flight == 0)
    return r.what.ready;
  for (std::uint32_t lane = 0; lane < lanes_.size(); ++lane)
    for (auto s = lanes_[lane].in_flight.rbegin(); s != lanes_[lane].in_flight.rend(); ++s)
      if (s->what.task == r.what.id && s->stay == r.arrival) // not of a former stay, which may drain still
        return {config_.self, {lane}, s->what.sequence};
  return {};
}

bool run_queue::idle() const {
  return tasks_.empty()
         && std::all_of(lanes_.begin(), lanes_.end(), [](const lane_state& l) { return l.in_flight.empty(); });
}

bool run_queue::holds(task_id t) const {
  auto i = tasks_.find(t);
  return i != tasks_.end() && !i->second.given_to;
}

std::size_t run_queue::held() const {
  return static_cast<std::size_t>(
      std::count_if(tasks_.begin(), tasks_.end(), [](const auto& t) { return !t.second.given_to; }));
}

void run_queue::reply(command_id c, task_id t, task_epoch e, outcome what, errc reason, std::string text,
                      effects& out) const {
  answer a{c, t, e, what, reason, std::move(text)};
  a.holder = worker_of(config_.self);
  if (auto i = tasks_.find(t); i != tasks_.end()) {
    a.at = i->second.what.at;
    a.values_in = config_.devices->at(config_.self).domain;
    a.laid_out_by = config_.self;
  }
  out.push_back(envelope{the_scheduler, std::move(a)});
}

void run_queue::reply_unknown(command_id c, task_id t, task_epoch e, effects& out) const {
  auto i = seen_.find(t);
  bool ended = i != seen_.end() && i->second.ended && !tasks_.contains(t);
  reply(c, t, e, ended ? outcome::too_late : outcome::not_here, errc::none, {}, out);
}

std::string run_queue::describe() const {
  text_writer w;
  for (auto [id, r] : tasks_) {
    w(r.what, r.done, r.standing, r.in_flight, r.arrival);
    w(r.cancelling ? r.cancelling->command : command_id{}, r.lane.value_or(UINT32_MAX), r.given_to.has_value());
    w(r.given_to.value_or(the_scheduler), r.failure.has_value());
  }
  for (auto& l : lanes_) {
    w(l.issued, l.owner.value_or(task_id{}));
    for (auto s : l.in_flight)
      w(s.what.task, s.what.sequence, s.what.begin, s.what.end, s.stay, s.priority);
  }
  for (auto [t, m] : seen_)
    w(t, m.epoch, m.ended);
  return std::move(w).text();
}

} // namespace baton::scheduling
