#include <algorithm>

#include "tests/scheduling/ledger.hpp"

/// What an engine does, beside what it may.
namespace baton::testing {

void ledger::did(const actions& all) {
  exchanged_.reset();
  for (const auto& a : all) {
    if (const auto* e = std::get_if<envelope>(&a)) {
      commanded(*e);
    } else if (const auto* f = std::get_if<forget>(&a)) {
      if (auto* t = find(f->task)) {
        if (!t->ended && std::all_of(t->of.begin(), t->of.end(), [](const member& m) { return m.behind == 0; }))
          fail("task " + std::to_string(f->task.value) + " is forgotten before its end");
        for (const auto& m : t->of) // some may have left before
          if (asked_by(m).in == f->task)
            asked_by(m).in.reset();
        tasks_.erase(f->task);
      }
    }
  }
}

void ledger::commanded(const envelope& e) {
  const auto name = [](task_id t) { return "task " + std::to_string(t.value); };
  const device_id d{e.to.index};
  if (const auto* a = std::get_if<accept>(&e.what)) {
    given(*a, d, d);
  } else if (const auto* b = std::get_if<bring>(&e.what)) {
    given(*b, b->to, no_device);
  } else if (const auto* p = std::get_if<preempt>(&e.what)) {
    ++preempts;
    auto* t = find(p->task);
    if (steered_)
      return;
    if (!t || t->ended || t->on != d || t->start.value != 0 || t->preempting.value != 0 || t->cancelling.value != 0)
      return fail(name(p->task) + " is preempted where it is not, or beside another command");
    t->preempting = p->command;
    t->leaving = true;
    exchanged_ = d;
  } else if (const auto* c = std::get_if<cancel>(&e.what)) {
    if (steered_ || c->request == request_id{}) // of a task that has ended for the engine
      return;
    auto* t = find(c->task);
    if (!t || t->ended || t->on != d || t->start.value != 0 || t->preempting.value != 0 || t->cancelling.value != 0)
      return fail(name(c->task) + " is cancelled where it is not, or beside another command");
    t->cancelling = c->command;
    t->cancelled_on = d;
  } else if (const auto* j = std::get_if<job>(&e.what)) {
    for (const auto& [id, t] : tasks_)
      if (t.on == d && !t.ended && !steered_)
        fail("a job for a device that has " + name(id));
    if (!up_.contains(d) || busy_[d.value])
      fail("a job for a device that is down or has one");
    check_evicted(*j);
    busy_[d.value] = {j->command, plan{j->domain, devices_.at(d).kind, j->model, j->symbols}};
  } else if (const auto* x = std::get_if<attempt_ended>(&e.what)) {
    given_up += x->reason == errc::deadline_exceeded;
    ended({x->request, x->attempt}, std::string(to_string(x->reason)));
    const auto& of = attempts_[{x->request, x->attempt}];
    if (auto* t = of.in ? find(*of.in) : nullptr)
      t->ended =
          t->ended || std::all_of(t->of.begin(), t->of.end(), [&](const member& y) { return asked_by(y).ends > 0; });
  }
}

/// Nothing needs what goes, nor is any of it being built.
void ledger::check_evicted(const job& j) {
  const auto goes = [&](model_id m) { return std::find(j.evict.begin(), j.evict.end(), m) != j.evict.end(); };
  for (const auto& [id, t] : tasks_)
    if (goes(t.model) && t.on != no_device && devices_.at(t.on).domain == j.domain && !t.ended && !steered_)
      fail("the model of task " + std::to_string(id.value) + " is evicted under it");
  for (const auto& other : busy_)
    if (other && std::get<domain_id>(other->second) == j.domain && goes(std::get<model_id>(other->second)))
      fail("a model is evicted while a plan of it is built");
  evictions += j.evict.size();
  std::erase_if(plans_, [&](const auto& p) {
    return std::get<domain_id>(p.first) == j.domain && goes(std::get<model_id>(p.first));
  });
}

template <class Start>
void ledger::given(const Start& m, device_id d, device_id receiver) {
  const task& what = m.what;
  const auto name = "task " + std::to_string(what.id.value);
  auto [i, fresh] = tasks_.try_emplace(what.id);
  auto& t = i->second;
  t.model = what.model;
  t.symbols = what.symbols;
  if (t.ended)
    fail(name + " is started after its end");
  if (t.on != no_device && !steered_)
    fail(name + " is given to two devices");
  if ((t.start.value != 0 || t.preempting.value != 0 || t.cancelling.value != 0 || t.standing.value != 0) && !steered_)
    fail(name + " is started beside another command");
  if (!fresh && what.epoch <= t.epoch)
    fail(name + " is started under an old epoch");
  if (!up_.contains(d) || (busy_[d.value] && !steered_))
    fail(name + " is given to a device that is down or has a job");
  if (!plans_.contains(plan_of(t, d)))
    fail(name + " is given to a device without its plan");
  take_members(what, t, d);
  if (!steered_)
    check_lanes(t, d);
  t.on = d;
  t.leaving = false;
  t.receiver = receiver;
  t.start = m.command;
  t.standing = m.then.command;
  t.epoch = what.epoch;
  ++starts;
  together += what.members.size() > 1;
  apart += is_apart(what);
}

/// Where the member is in a task that is `at` there: behind by some steps of the layer, or of the one before.
position ledger::own(const position& at, const member& m) const {
  if (m.behind == 0)
    return at;
  return at.part == 0 ? position{at.layer - 1, steps_ - m.behind} : position{at.layer, at.part - m.behind};
}

/// They have not ended, are in no other task that is on its way or runs, go on where each was, and have rows of their
/// own.
void ledger::take_members(const task& what, entry& t, device_id d) {
  const auto name = "task " + std::to_string(what.id.value);
  for (const auto& m : std::exchange(t.of, {}))
    if (asked_by(m).in == what.id)
      asked_by(m).in.reset();
  std::int64_t rows = 0;
  for (const auto& m : what.members) {
    auto& a = asked_by(m);
    if (a.ends > 0)
      fail(name + " is started with a request that has ended");
    if (a.what.model != what.model || a.what.rows != m.rows || a.what.symbols != m.symbols)
      fail(name + " has a member that is not as it was asked for");
    if (m.behind > what.at.part)
      fail(name + " has a member that is behind its layer's start");
    else if (const auto at = own(what.at, m); at < a.at || (at != a.at && !steered_))
      fail(name + " has a member that does not go on where it was");
    if (m.first_row < rows)
      fail(name + " has members that share rows");
    rows = m.first_row + m.rows;
    if (!a.given && a.what.pinned != no_device && a.what.pinned != d)
      fail(name + " is not started where it must");
    if (auto* other = a.in ? find(*a.in) : nullptr) {
      if (other == &t || (!steered_ && (other->ended || other->on != no_device)))
        fail(name + " is started with a request that is elsewhere");
      std::erase_if(other->of, [&](const member& x) { return x.request == m.request && x.attempt == m.attempt; });
    }
    a.given = true;
    a.in = what.id;
    t.of.push_back(m);
  }
  if (what.members.empty() || rows > what.symbols[0])
    fail(name + " has other rows than its members");
}

/// A lane is free, or it takes the place of one taken back, or all that the device has then is short work in line.
void ledger::check_lanes(const entry& t, device_id d) {
  std::uint32_t staying = 0;
  auto load = predicted(t, d);
  bool known = load > duration{};
  for (const auto& [id, other] : tasks_)
    if (!other.ended && other.on == d && !other.leaving) {
      ++staying;
      known = known && predicted(other, d) > duration{};
      load += predicted(other, d);
    }
  if (staying < devices_.at(d).lanes || std::exchange(exchanged_, std::nullopt) == d)
    return;
  if (ahead_ && staying == devices_.at(d).lanes)
    return; // one, whose inputs are brought until a lane is free
  ++lines;
  if (!known || load > backlog_)
    fail("device " + std::to_string(d.value) + " is given more than its lanes and a short line");
}

} // namespace baton::testing
