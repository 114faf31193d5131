#include "tests/scheduling/ledger.hpp"

#include <algorithm>

namespace baton::testing {

ledger::entry* ledger::find(task_id t) {
  const auto i = tasks_.find(t);
  return i == tasks_.end() ? nullptr : &i->second;
}

bool ledger::open(request_id r) const {
  const auto i = attempts_.upper_bound({r, {UINT32_MAX}});
  return i != attempts_.begin() && std::prev(i)->first.first == r && std::prev(i)->second.ends == 0;
}

duration ledger::predicted(const entry& t, device_id d) const {
  const auto i = plans_.find(plan_of(t, d));
  return i == plans_.end() ? duration{} : i->second;
}

// -- what it is told
// -------------------------------------------------------------------------------------------------------------------

void ledger::told(const event& e) {
  if (const auto* s = std::get_if<start_attempt>(&e)) {
    attempts_[{s->request, s->attempt}].what = *s;
  } else if (const auto* a = std::get_if<answer>(&e)) {
    told(*a);
  } else if (const auto* f = std::get_if<finished>(&e)) {
    if (auto* t = find(f->task); t && !t->ended) {
      t->ended = true;
      for (const auto& m : f->members) {
        ended({m.request, m.attempt}, "finished");
        asked_by(m).finished = true;
        if (m.behind > 0)
          fail("request " + std::to_string(m.request.value) + " has a result before its last steps");
      }
    }
  } else if (const auto* j = std::get_if<job_done>(&e)) {
    if (auto& job = busy_[j->device.value]; job && job->first == j->command) {
      if (j->failure == errc::none)
        plans_[job->second] = j->predicted;
      job.reset();
    }
  } else if (const auto* u = std::get_if<worker_up>(&e)) {
    up_.insert(u->device);
  } else if (const auto* d = std::get_if<worker_down>(&e)) {
    told(*d);
  }
}

void ledger::told(const answer& a) {
  auto* t = find(a.task);
  if (!t)
    return;
  const auto settles = [&](command_id& c) {
    if (c != a.command)
      return false;
    c = {};
    return true;
  };
  const bool preempted = settles(t->preempting);
  const bool stood = settles(t->standing);
  if (!preempted && !stood && !settles(t->start) && !settles(t->cancelling))
    return;
  if (a.holder == the_scheduler && (a.what == outcome::applied || a.what == outcome::refused)) {
    t->on = no_device;
    t->leaving = false;
    for (const auto& m : t->of)
      asked_by(m).at = own(a.at, m);
    t->start = {}; // who answers for the order has had it after who was to start it
  } else if (preempted && a.what == outcome::refused) {
    t->leaving = false;
  }
}

/// Its commands are lost with it; a task on its way to it is with its giver.
void ledger::told(const worker_down& e) {
  up_.erase(e.device);
  busy_[e.device.value].reset();
  for (auto& [id, t] : tasks_) {
    if (t.cancelled_on == e.device)
      t.cancelling = {};
    if (t.on != e.device)
      continue;
    if (t.start.value != 0 && t.receiver != e.device)
      continue; // a transfer has it, with its order
    if (t.start.value != 0) {
      t.on = no_device;
      t.start = {};
    }
    t.standing = {};
    t.preempting = {};
  }
}

void ledger::ended(const attempt& a, const std::string& how) {
  auto i = attempts_.find(a);
  if (i == attempts_.end() || ++i->second.ends > 1)
    fail("request " + std::to_string(a.first.value) + " ends twice or was never asked: " + how);
}

void ledger::delivered(const finished& f) {
  for (const auto& m : f.members)
    if (++asked_by(m).results > 1)
      fail("request " + std::to_string(m.request.value) + " has two results");
}

void ledger::compare(const engine& e) {
  if (steered_)
    return;
  for (const auto& t : e.tasks())
    if (const auto* known = find(t.id); known ? known->on != t.device : t.device != no_device)
      fail("task " + std::to_string(t.id.value) + " is not where it was said to be");
}

void ledger::held(const std::map<task_id, int>& holders) {
  for (const auto& [t, n] : holders)
    if (n > 1)
      fail("task " + std::to_string(t.value) + " has several holders");
}

void ledger::at_rest(const engine& e) {
  for (const auto& [a, x] : attempts_)
    if (x.ends != 1)
      fail("request " + std::to_string(a.first.value) + " did not end");
    else if (x.finished && x.results == 0)
      fail("request " + std::to_string(a.first.value) + " ended without its result");
  if (e.open_tasks() != 0 || e.waiting_tasks() != 0 || e.pending_commands() != 0)
    fail("the engine still has tasks or commands");
}

} // namespace baton::testing
