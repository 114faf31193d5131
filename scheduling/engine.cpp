#include "scheduling/engine.hpp"

#include <algorithm>
#include <utility>

#include "scheduling/engine_state.hpp"
#include "scheduling/text_archive.hpp"

namespace baton::scheduling {

expected<engine> engine::make(config c) {
  std::shared_ptr<const policy> p = make_policy(c.policy);
  if (!p) {
    std::string known;
    for (auto name : policy_names())
      known += (known.empty() ? "" : ", ") + std::string{name};
    return fail(errc::bad_argument, "unknown policy '" + c.policy + "'; there are: " + known);
  }
  for (std::size_t i = 0; i < c.devices->devices.size(); ++i)
    if (c.devices->devices[i].id.value != i || c.devices->devices[i].lanes == 0)
      return fail(errc::bad_argument, "device " + std::to_string(i) + " of the cluster is out of order or has no lane");
  return engine{std::make_shared<state>(std::move(c), std::move(p))};
}

engine engine::clone() const {
  return engine{std::make_shared<state>(*state_)};
}

void engine::handle(const event& e, time_point now, actions& out) {
  auto& s = *state_;
  s.now_ = std::max(s.now_, now);
  s.out_ = &out;
  std::visit([&s](const auto& x) { s.on(x); }, e);
  s.expire();
  s.look_after_memory();
  s.schedule();
  if (s.plans_.any_evicted() && s.fetch())
    s.schedule();
  s.wake_for(s.policy_->ask_again(s));
  s.out_ = nullptr;
}

const engine_counters& engine::counters() const {
  return state_->counters_;
}
std::size_t engine::open_tasks() const {
  return state_->tasks_.size();
}
std::size_t engine::waiting_tasks() const {
  return state_->waiting_;
}
std::size_t engine::pending_commands() const {
  return state_->commands_.size();
}
std::vector<engine::open_task> engine::tasks() const {
  std::vector<open_task> result;
  for (const auto& [id, t] : state_->tasks_)
    result.push_back({id, t.device});
  return result;
}
std::int64_t engine::most_rows() const {
  return state_->policy_->most_rows();
}
std::string engine::describe() const {
  return state_->describe();
}

namespace {

std::size_t domains_of(const cluster& c) {
  std::size_t n = 0;
  for (const auto& d : c.devices)
    n = std::max<std::size_t>(n, d.domain.value + 1);
  return n;
}

} // namespace

engine::state::state(config c, std::shared_ptr<const policy> p)
    : cluster_(std::move(c.devices)), policy_(std::move(p)), waiting_limit_(c.waiting_limit), backlog_(c.backlog),
      devices_(cluster_->devices.size()), plans_(*cluster_), memory_(domains_of(*cluster_)),
      in_service_(plans_.groups()), work_(plans_.groups()), startable_(policy_), free_(devices_.size()),
      crowded_(devices_.size()) {
  for (const auto& d : cluster_->devices)
    ++in_service_[group(d.id)];
}

// -- decisions
// ---------------------------------------------------------------------------------------------------------

/// Device by device, jobs before tasks, again until nothing changes; devices without anything to decide are passed
/// over.
void engine::state::schedule() {
  for (bool changed = true; changed;) {
    changed = false;
    for (device_id from{0};;) {
      auto job = next_job(from);
      auto next = policy_->next(*this, from);
      if (!job && !next)
        break;
      if (job && (!next || *job <= *next)) {
        start_job(*job);
        changed = true;
        from = *job; // a decision for it may follow
        continue;
      }
      from = {next->value + 1};
      auto choice = policy_->decide(*this, *next);
      if (!choice)
        continue;
      changed = true;
      if (choice->give_up)
        give_up(tasks_.at(*choice->give_up));
      if (choice->preempted)
        take_back(tasks_.at(*choice->preempted));
      if (choice->start) {
        auto& t = tasks_.at(*choice->start);
        for (auto id : choice->with)
          if (auto* other = find(id); other && can_join(t, *other, *next))
            join(t, *other);
        assign(t, *next, choice->until);
      }
    }
  }
}

/// Gives a waiting task to a device: by its handle where the values can be used as they lie, else through the transfer.
void engine::state::assign(task_state& t, device_id d, std::optional<position> until) {
  leave(t);
  t.what.spent.queued += now_ - t.waiting_since;
  t.device = d;
  t.pinned = no_device;
  devices_[d.value].tasks.push_back(t.what.id);
  ++t.what.epoch.value;
  auto into = cluster_->at(d).domain;
  bool fresh = t.laid_out_by == no_device;
  bool direct = fresh ? into == host_domain : t.values_in == into && cluster_->direct(t.laid_out_by, d);
  t.main = command(pending_command::kind::start, t.what.id, direct ? d : no_device);
  auto then = next_order(t, direct ? d : no_device, until);
  if (direct)
    send(worker_of(d), accept{t.main, t.what, the_scheduler, then});
  else
    send(transfer_of(into),
         bring{t.main, t.what, fresh ? host_domain : t.values_in, t.laid_out_by, into, d, the_scheduler, then});
  t.given = now_;
  t.there_at =
      now_
      + moving(live_bytes(t.what.model), rows_of(t.what), t.what.at.layer, fresh ? host_domain : t.values_in, into);
  t.arrived = false;
  count(t);
  foresee(d);
}

/// The order that goes with the accept: the request's next step, if it can be carried out; or to come back, ahead of a
/// layer that the device lacks or where the policy wants it.
order engine::state::next_order(task_state& t, device_id receiver, std::optional<position> until) {
  const auto issue = [&](const steering& s, bool ours) {
    t.standing = command(pending_command::kind::order, t.what.id, receiver);
    auto& c = commands_[t.standing];
    c.step = s;
    c.ours = ours;
    return order{s.what, t.standing, s.at, s.to};
  };
  auto gap = plan(t, t.device).lacking.first(t.what.at);
  if (const auto end = position{t.what.at.layer + 1, 0}; is_apart(t.what))
    until = until ? std::min(*until, end) : end;
  if (until && *until > t.what.at)
    gap = gap ? std::min(*gap, *until) : *until;
  while (!t.steps.empty() && !(gap && t.steps.front().at > *gap)) {
    auto s = t.steps.front();
    t.steps.erase(t.steps.begin());
    if (s.what == order::kind::preempt && s.to != no_device && plan(t, s.to).lacking.has(s.at.layer))
      s.to = no_device; // it could not resume there
    bool possible = s.what == order::kind::preempt
                    || (!leaves(t.what.model, group(s.to)) && s.to != t.device && devices_[s.to.value].up
                        && plan(t, s.to).what == plan_table::status::ready && !plan(t, s.to).lacking.has(s.at.layer));
    if (possible)
      return issue(s, false);
  }
  return gap ? issue({order::kind::preempt, *gap, no_device}, true) : order{};
}

void engine::state::take_back(task_state& t) {
  t.main = command(pending_command::kind::preempt, t.what.id, t.device);
  t.leaving = true;
  touch(t);
  foresee(t.device);
  send(worker_of(t.device), preempt{t.main, t.what.id, t.what.epoch, {}});
}

/// A running task's next step becomes a command of its own.
void engine::state::issue_step(task_state& t) {
  if (t.device == no_device || t.main.value != 0 || t.standing.value != 0 || t.cancelling.value != 0
      || t.ending != errc::none)
    return;
  auto o = next_order(t, t.device);
  if (o.what == order::kind::preempt)
    send(worker_of(t.device), preempt{o.command, t.what.id, t.what.epoch, o.at});
  else if (o.what == order::kind::hand_off)
    send(worker_of(t.device), hand_off{o.command, t.what.id, t.what.epoch, o.at, o.to});
}

/// A task that is to end does so as soon as it can be reached: at once if it waits here, else through its worker.
void engine::state::pursue_end(task_state& t) {
  if (!is_ending(t) || t.cancelling.value != 0 || t.main.value != 0 || t.parked)
    return;
  const auto first = [&] {
    return std::find_if(t.riders.begin(), t.riders.end(), [](const rider& r) { return r.ending != errc::none; });
  };
  const auto whole = t.ending != errc::none;
  if (t.device == no_device) {
    if (whole)
      return end(t.what.id, t.ending, {});
    for (auto r = first(); r != t.riders.end(); r = first())
      drop(t, r->request);
    return;
  }
  const auto who = !whole ? *first() : t.riders.size() == 1 ? t.riders.front() : rider{};
  t.cancelling = command(pending_command::kind::cancel, t.what.id, t.device);
  commands_[t.cancelling].dropped = whole ? request_id{} : who.request;
  touch(t);
  send(worker_of(t.device), cancel{t.cancelling, t.what.id, t.what.epoch, who.request, who.attempt});
}

void engine::state::expire() {
  while (!deadlines_.empty() && std::get<0>(*deadlines_.begin()) <= now_) {
    const auto [when, id, who] = *deadlines_.begin();
    deadlines_.erase(deadlines_.begin());
    auto& t = tasks_.at(id);
    give_up(t, who, errc::deadline_exceeded);
    touch(t);
    pursue_end(t);
  }
  if (wake_ <= now_)
    wake_ = never;
  if (!deadlines_.empty())
    wake_for(std::get<0>(*deadlines_.begin()));
}

void engine::state::wake_for(std::optional<time_point> when) {
  if (!when || *when >= wake_)
    return;
  wake_ = *when;
  act(wake_at{wake_});
}

command_id engine::state::command(pending_command::kind what, task_id t, device_id receiver) {
  command_id id{++last_command_};
  commands_[id] = {.what = what, .task = t, .receiver = receiver, .since = now_};
  return id;
}

std::string engine::state::describe() const {
  text_writer w;
  for (const auto& [id, t] : tasks_) {
    w(t.what, t.arrival, t.device, t.values_in, t.laid_out_by, t.last_device, t.pinned);
    w(t.main, t.standing, t.cancelling, t.ending, t.parked, t.leaving, t.blocked, t.refusals, t.was_short, t.avoided);
    w(t.steps);
    for (const auto& r : t.riders)
      w(r.request, r.attempt, r.deadline, r.priority, r.ending);
    if (policy_->looks_ahead())
      w(t.given, t.there_at, t.arrived, t.began, t.left, t.ends);
  }
  for (const auto& [id, c] : commands_)
    w(id, c.what, c.task, c.receiver, c.step, c.ours, c.dropped, c.plan, c.evicts, c.since);
  for (const auto& d : devices_)
    w(d.up, d.in_service, d.restarts, d.tasks, d.job, d.free_at, d.foreseen, d.slowed);
  for (const auto& [id, m] : models_)
    w(id, m.announced, m.removed, m.tasks);
  w(std::vector<task_id>(suspects_.begin(), suspects_.end()));
  for (const auto& x : traffic_)
    w(x.model, x.shape, x.last, x.gap, x.allowance);
  for (const auto& m : memory_) {
    for (const auto& [id, r] : m.models)
      w(id, r.since, r.used, r.served, r.plans);
    for (const auto& [id, took] : m.loading)
      w(id, took);
    for (const auto& k : m.lacking)
      w(k);
    w(m.leaving, m.evicts, m.evicting);
  }
  w(wake_, last_task_, last_command_, draining_);
  return std::move(w).text() + plans_.describe();
}

} // namespace baton::scheduling
