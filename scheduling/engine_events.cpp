#include <algorithm>
#include <utility>

#include "scheduling/engine_state.hpp"

/// Requests and tasks: how they begin and end.
namespace baton::scheduling {

void engine::state::on(const start_attempt& e) {
  auto known_device = [this](device_id d) { return d == no_device || cluster_->has(d); };
  bool devices_known = known_device(e.pinned) && std::all_of(e.steps.begin(), e.steps.end(), [&](const steering& s) {
                         return known_device(s.to) && (s.what != order::kind::hand_off || s.to != no_device);
                       });
  if (draining_ || !any_in_service())
    return reject(e, errc::unavailable, draining_ ? "the server is shutting down" : "no device is in service");
  auto model = models_.find(e.model);
  if (model == models_.end() && e.model <= last_model_) // the request was on its way when the model went
    return reject(e, errc::unavailable, "the model has been unloaded");
  if (model == models_.end())
    return reject(e, errc::not_found, "no such model");
  if (model->second.removed)
    return reject(e, errc::unavailable, "the model is being unloaded");
  if (!devices_known)
    return reject(e, errc::bad_argument, "a device asked for does not exist");
  if (waiting_ >= waiting_limit_)
    return reject(e, errc::overloaded, "too many tasks are waiting");
  if (!has_room_for(e.model, e.symbols))
    return reject(e, errc::overloaded,
                  "the model has been asked for in " + std::to_string(defaults::shapes_per_model)
                      + " different shapes, which is as many as it keeps plans for: ask in one of these");
  ++counters_.attempts;
  ++model->second.tasks;
  auto [shape, again] = plans_.want(e.model, e.symbols, now_);
  if (again)
    plans_changed(shape); // one that had failed is tried again
  task_id id{++last_task_};
  auto& t = tasks_[id];
  t.what.id = id;
  t.what.model = e.model;
  t.what.symbols = e.symbols;
  t.what.members.push_back({e.request, e.attempt, 0, e.rows, 0, e.symbols});
  t.what.priority = e.priority;
  t.what.deadline = e.deadline;
  t.riders.push_back({e.request, e.attempt, e.deadline, e.priority});
  t.arrival = e.request.value;
  t.waiting_since = now_;
  t.pinned = e.pinned;
  t.steps = e.steps;
  t.shape = shape;
  by_attempt_.emplace(e.request, e.attempt, id);
  if (e.deadline != never)
    deadlines_.emplace(e.deadline, id, e.request);
  if (e.attempt.value == 1)
    expect(t);
  enter(t);
  end_hopeless();
}

/// Plans are kept as long as their model; only those that could not be built make room.
bool engine::state::has_room_for(model_id m, const std::vector<std::int64_t>& symbols) {
  const auto full = [&] { return plans_.shapes(m) >= defaults::shapes_per_model; };
  if (plans_.knows(m, symbols) || !full())
    return true;
  plans_.forget_failed(m, [&](plan_table::number shape) {
    return std::any_of(traffic_.begin(), traffic_.end(), [&](const model_traffic& x) { return x.shape == shape; })
           || std::any_of(tasks_.begin(), tasks_.end(), [&](const auto& t) { return t.second.shape == shape; });
  });
  return !full();
}

void engine::state::reject(const start_attempt& e, errc reason, std::string text) {
  ++counters_.rejected;
  send(the_controller, attempt_ended{e.request, e.attempt, reason, std::move(text)});
}

void engine::state::on(const cancel_request& e) {
  auto i = by_attempt_.lower_bound({e.request, e.attempt, {}});
  if (i == by_attempt_.end() || std::get<0>(*i) != e.request || std::get<1>(*i) != e.attempt)
    return; // it has ended, and its end is on its way
  auto& t = tasks_.at(std::get<2>(*i));
  give_up(t, e.request, errc::cancelled);
  touch(t);
  pursue_end(t);
}

void engine::state::on(const finished& e) {
  auto* t = find(e.task);
  if (!t) {
    act(forget{e.task}); // a task given up for lost came to its end all the same
    return;
  }
  counters_.finished += e.members.size();
  const auto left = [&](const rider& r) {
    return std::none_of(e.members.begin(), e.members.end(), [&](const member& m) { return m.request == r.request; });
  };
  // The answer that tells of it has been overtaken.
  for (auto r = std::find_if(t->riders.begin(), t->riders.end(), left); r != t->riders.end();
       r = std::find_if(t->riders.begin(), t->riders.end(), left))
    drop(*t, r->request);
  end(e.task, errc::none, {});
}

void engine::state::on(const failed& e) {
  if (const auto* t = find(e.task)) // of several, who is at fault shows when each is tried alone
    end(e.task, t->riders.size() > 1 ? errc::attempt_lost : e.reason, e.message);
  else
    act(forget{e.task});
}

void engine::state::on(const values_lost& e) {
  if (find(e.task))
    end(e.task, errc::values_lost, "intermediate values were lost");
  else
    act(forget{e.task});
}

task_state* engine::state::find(task_id t) {
  auto i = tasks_.find(t);
  return i == tasks_.end() ? nullptr : &i->second;
}

/// The task is with us and waits. `where`: its epoch, position and values, if an answer brought it.
void engine::state::wait(task_state& t, const answer* where) {
  leave(t);
  leave_device(t);
  t.waiting_since = now_;
  if (where) {
    t.what.spent = where->spent;
    t.what.taken = where->taken;
    t.what.epoch = where->epoch;
    t.what.at = where->at;
    t.what.ready = where->ready;
    if (where->laid_out_by != no_device) {
      t.values_in = where->values_in;
      t.laid_out_by = where->laid_out_by;
    }
    if (where->what == outcome::applied)
      t.what.pieces = 1; // whoever had it has joined them
    part_ways(t);
  }
  enter(t);
}

/// A worker holds the task.
void engine::state::place(task_state& t, const answer& a) {
  device_id d{a.holder.index};
  if (t.device != d) {
    leave(t);
    leave_device(t);
    t.device = d;
    devices_[d.value].tasks.push_back(t.what.id);
  }
  t.what.epoch = a.epoch;
  t.what.at = a.at;
  t.values_in = cluster_->at(d).domain;
  t.laid_out_by = d;
  if (t.last_device != no_device && t.last_device != d)
    ++counters_.moves;
  t.last_device = d;
  t.arrived = true;
  serves(t.what.model, t.values_in);
  count(t);
  foresee(d);
}

void engine::state::leave_device(task_state& t) {
  auto d = std::exchange(t.device, no_device);
  t.leaving = false;
  if (d == no_device)
    return;
  std::erase(devices_[d.value].tasks, t.what.id);
  t.began = never;
  count(t);
  foresee(d);
}

/// Its client hears of it while there is time to do without.
void engine::state::give_up(task_state& t) {
  t.ending = errc::deadline_exceeded;
  end(t.what.id, t.ending, "by what was predicted, the deadline cannot be met");
}

/// The task is over. With a reason, the controller hears of it; a result has reached it already.
void engine::state::end(task_id id, errc reason, const std::string& text) {
  auto& t = tasks_.at(id);
  for (const auto& r : t.riders) {
    if (reason != errc::none) {
      const auto why = r.ending != errc::none && t.riders.size() > 1 ? r.ending : reason;
      ++(why == r.ending || why == t.ending ? counters_.cancelled : counters_.lost);
      send(the_controller, attempt_ended{r.request, r.attempt, why, text.empty() ? why_ended(why) : text});
    }
    deadlines_.erase({r.deadline, id, r.request});
    by_attempt_.erase({r.request, r.attempt, id});
  }
  leave(t);
  leave_device(t);
  blocked_.erase(id);
  auto model = t.what.model;
  tasks_.erase(id);
  act(forget{id});
  --models_.at(model).tasks;
  forget_if_unused(model);
  release_blocked(); // its memory may be what they wait for
}

void engine::state::release_blocked() {
  for (auto id : std::exchange(blocked_, {})) {
    auto& t = tasks_.at(id);
    t.blocked = false;
    index(t);
  }
}

/// Ends the waiting tasks that no device in service can ever run, in the policy's order; for the others evicted plans
/// are asked back.
void engine::state::end_hopeless() {
  if (suspects_.empty())
    return;
  std::vector<std::pair<waiting_task, plan_table::entry>> found;
  for (auto id : std::exchange(suspects_, {})) {
    const auto& t = tasks_.at(id);
    if (plan_table::entry why; hopeless(t, why))
      found.emplace_back(*t.entered, std::move(why));
    else if (plans_.any_evicted())
      ask_back(t);
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return comes_before(a.first, b.first); });
  for (const auto& [w, why] : found)
    end(w.task, why.failure == errc::attempt_lost ? errc::device_failed : why.failure, why.text);
}

bool engine::state::hopeless(const task_state& t, plan_table::entry& why) const {
  using status = plan_table::status;
  if (t.pinned == no_device)
    for (std::uint32_t g = 0; g < plans_.groups(); ++g)
      if (in_service_[g] > 0 && !useless(plans_.at(t.shape, g), t))
        return false;
  why = {status::failed, 0, never, errc::unavailable, "no device that could run it is in service", {}, {}};
  for (const auto& d : cluster_->devices) {
    if ((t.pinned != no_device && t.pinned != d.id) || !devices_[d.id.value].in_service)
      continue;
    why = plan(t, d.id);
    if (!useless(why, t))
      return false;
    if (why.what != status::failed)
      why.failure = errc::bad_model;
  }
  return true;
}

bool engine::state::useless(const plan_table::entry& p, const task_state& t) {
  using status = plan_table::status;
  return p.what == status::failed
         || ((p.what == status::ready || p.what == status::evicted) && p.lacking.has(t.what.at.layer));
}

} // namespace baton::scheduling
