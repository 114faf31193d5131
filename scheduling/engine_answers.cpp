#include <algorithm>

#include "scheduling/engine_state.hpp"

/// What the answers to commands mean.
namespace baton::scheduling {

void engine::state::on(const answer& a) {
  auto i = commands_.find(a.command);
  if (i == commands_.end()) {
    // The command died with its receiver, who had given the task on before: we have given it up, so the new holder must
    // too.
    if (a.what == outcome::applied && a.holder.what == party::kind::worker) {
      device_id d{a.holder.index};
      auto c = command(pending_command::kind::cancel, a.task, d);
      send(a.holder, cancel{c, a.task, a.epoch, {}, {}});
    } else {
      act(forget{a.task});
    }
    return;
  }
  auto c = i->second;
  commands_.erase(i);
  if (a.what == outcome::refused)
    ++counters_.refused;
  auto* t = find(a.task);
  if (!t) {
    act(forget{a.task}); // it ended first; an orphan has been dropped
    return;
  }
  switch (c.what) {
  case pending_command::kind::start: on_start_answer(a, *t); break;
  case pending_command::kind::preempt: on_preempt_answer(a, *t, c); break;
  case pending_command::kind::order: on_order_answer(a, *t, c); break;
  case pending_command::kind::cancel: on_cancel_answer(a, *t, c); break;
  case pending_command::kind::job: break;
  }
  t = find(a.task);
  if (!t)
    return;
  touch(*t);
  pursue_end(*t);
  if ((t = find(a.task)))
    issue_step(*t);
}

void engine::state::on_start_answer(const answer& a, task_state& t) {
  if (t.main != a.command)
    return; // the order that went with it was answered first, by the worker after this one
  t.main = {};
  if (a.what == outcome::applied) {
    t.refusals = 0;
    t.was_short = false;
    place(t, a);
    // An order that went by way of the transfer is the worker's now.
    if (auto o = commands_.find(t.standing); o != commands_.end())
      o->second.receiver = t.device;
    return;
  }
  auto device = t.device;
  wait(t, &a);
  if (a.reason == errc::cancelled && t.ending == errc::none)
    t.ending = errc::cancelled; // the token was seen before the request to cancel
  if (a.reason == errc::out_of_memory) {
    no_memory_for(t, device, a.message);
  } else if (a.reason == errc::device_failed && t.pinned == no_device && avoid(t, device)) {
    // Its own death will be told; meanwhile the task goes elsewhere.
  } else if (a.reason != errc::receiver_down && a.reason != errc::cancelled
             && ++t.refusals >= defaults::refusals_per_task) {
    end(t.what.id, a.reason, a.message);
  } else {
    enter_anew(t);
  }
}

/// Other tasks there may end: on a device, or waiting, not for memory themselves, with values there. If there are none,
/// or that has not helped, a model makes room; then the task's plan is not ready there until that is done.
void engine::state::no_memory_for(task_state& t, device_id device, const std::string& text) {
  const auto domain = cluster_->at(device).domain;
  const bool again = std::exchange(t.was_short, true);
  const auto resident = resident_.find(domain);
  const auto others = (resident == resident_.end() ? 0 : resident->second) - (t.resident == domain);
  const auto works = [&](bool elsewhere) {
    return std::any_of(cluster_->devices.begin(), cluster_->devices.end(), [&](const device_facts& d) {
      return (elsewhere || d.domain == domain) && !devices_[d.id.value].tasks.empty();
    });
  };
  const bool may_end = others > 0 || works(false);
  if ((!may_end || again)
      && (plan(t, device).what == plan_table::status::building
          || run_short({group(device), t.what.model, t.what.symbols})))
    return touch(t);
  if (!may_end && !works(true))
    return end(t.what.id, errc::out_of_memory, text);
  t.blocked = true;
  blocked_.insert(t.what.id);
  touch(t);
}

/// It was to leave its device, and does not.
void engine::state::stays(task_state& t) {
  t.leaving = false;
  count(t);
  if (t.device != no_device)
    foresee(t.device);
}

void engine::state::on_preempt_answer(const answer& a, task_state& t, const pending_command& c) {
  if (t.main == a.command)
    t.main = {};
  if (a.what == outcome::applied) {
    ++counters_.preemptions;
    wait(t, &a);
  } else if (a.what == outcome::too_late || (a.what == outcome::not_here && t.standing.value != 0)) {
    t.parked = true; // its end is on its way, or its standing order hands it on and will be answered
  } else if (a.what == outcome::not_here && t.device == c.receiver) {
    end(t.what.id, errc::attempt_lost, "the task was not where it should have been");
  } else {
    stays(t); // or has been handed on before
  }
}

void engine::state::on_order_answer(const answer& a, task_state& t, const pending_command& c) {
  if (t.standing == a.command)
    t.standing = {};
  t.parked = false;
  // Whoever answers for the order has had the task after the worker it was started on, whose answer may still be on its
  // way.
  if (auto m = commands_.find(t.main);
      m != commands_.end() && m->second.what == pending_command::kind::start && a.what != outcome::not_here)
    t.main = {};
  if (a.what == outcome::applied && c.step.what == order::kind::preempt) {
    ++counters_.preemptions;
    t.pinned = c.step.to != no_device && is_lacking(t, c.step.to) ? no_device : c.step.to;
    if (t.pinned != no_device)
      t.avoided.clear(); // the order says where, whatever failed there before
    wait(t, &a);
    end_hopeless();
  } else if (a.what == outcome::applied) {
    t.leaving = false;
    place(t, a);
  } else if (a.what == outcome::refused && a.holder.what == party::kind::scheduler) {
    if (a.reason == errc::cancelled && t.ending == errc::none)
      t.ending = errc::cancelled;
    wait(t, &a);
  } else if (a.what == outcome::refused) {
    t.what.epoch = a.epoch;
    t.what.at = a.at;
    stays(t);
  }
  // Not carried out, but not for its own sake: it goes with the next accept.
  bool again = (a.what == outcome::refused && a.reason == errc::superseded) || a.what == outcome::not_here;
  if (again && !c.ours)
    t.steps.insert(t.steps.begin(), c.step);
}

void engine::state::on_cancel_answer(const answer& a, task_state& t, const pending_command& c) {
  t.cancelling = {};
  if (a.what == outcome::applied && c.dropped.value != 0) {
    drop(t, c.dropped);
  } else if (a.what == outcome::applied) {
    end(t.what.id, t.ending, {});
  } else if (a.what == outcome::not_here) {
    if (t.standing.value != 0)
      t.parked = true; // being handed on: follow it once we know where
    else if (t.device == c.receiver && t.main.value == 0)
      end(t.what.id, t.ending == errc::none ? errc::attempt_lost : t.ending, {});
  } else if (a.what == outcome::too_late) {
    t.parked = true; // its end is on its way
  }
}

} // namespace baton::scheduling
