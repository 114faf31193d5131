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
  if (!models_.contains(e.model))
    return reject(e, errc::not_found, "no such model");
  if (!devices_known)
    return reject(e, errc::bad_argument, "a device asked for does not exist");
  if (waiting_.size() >= waiting_limit_)
    return reject(e, errc::overloaded, "too many tasks are waiting");
  if (!plans_.knows(e.model, e.symbols) && plans_.shapes(e.model) >= defaults::shapes_per_model)
    return reject(e, errc::overloaded, "the model has been asked for in too many different shapes");
  ++counters_.attempts;
  plans_.want(e.model, e.symbols, now_);
  task_id id{++last_task_};
  auto& t = tasks_[id];
  t.what = {id,         {},         e.model, {}, e.symbols, {{e.request, e.attempt, 0, e.rows, 0, e.symbols}},
            e.priority, e.deadline, {}};
  t.request = e.request;
  t.attempt = e.attempt;
  t.arrival = e.request.value;
  t.waiting_since = now_;
  t.pinned = e.pinned;
  t.steps.assign(e.steps.begin(), e.steps.end());
  if (e.deadline != never)
    deadlines_.emplace(e.deadline, id);
  waiting_.insert(waiting_form(t));
  end_hopeless();
}

void engine::state::reject(const start_attempt& e, errc reason, std::string text) {
  ++counters_.rejected;
  send(the_controller, attempt_ended{e.request, e.attempt, reason, std::move(text)});
}

void engine::state::on(const cancel_request& e) {
  auto of = [&](const auto& x) { return x.second.request == e.request && x.second.attempt == e.attempt; };
  auto i = std::find_if(tasks_.begin(), tasks_.end(), of);
  if (i == tasks_.end())
    return; // it has ended, and its end is on its way
  if (i->second.ending == errc::none)
    i->second.ending = errc::cancelled;
  pursue_end(i->second);
}

void engine::state::on(const finished& e) {
  if (!find(e.task)) {
    act(forget{e.task}); // a task given up for lost came to its end all the same
    return;
  }
  ++counters_.finished;
  end(e.task, errc::none, {});
}

void engine::state::on(const failed& e) {
  if (find(e.task))
    end(e.task, e.reason, e.message);
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
  leave_device(t);
  t.waiting_since = now_;
  if (where) {
    t.what.spent = where->spent;
    t.what.epoch = where->epoch;
    t.what.at = where->at;
    t.what.ready = where->ready;
    if (where->laid_out_by != no_device) {
      t.values_in = where->values_in;
      t.laid_out_by = where->laid_out_by;
    }
  }
  waiting_.insert(waiting_form(t));
}

/// A worker holds the task.
void engine::state::place(task_state& t, const answer& a) {
  device_id d{a.holder.index};
  if (t.device != d) {
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
}

void engine::state::leave_device(task_state& t) {
  if (t.device != no_device)
    std::erase(devices_[t.device.value].tasks, t.what.id);
  t.device = no_device;
  t.leaving = false;
}

/// The task is over. With a reason, the controller hears of it; a result has reached it already.
void engine::state::end(task_id id, errc reason, const std::string& text) {
  auto& t = tasks_.at(id);
  if (reason != errc::none) {
    if (reason == errc::cancelled || reason == errc::deadline_exceeded)
      ++counters_.cancelled;
    else
      ++counters_.lost;
    auto why = text;
    if (why.empty())
      why = reason == errc::cancelled ? "cancelled by the client" : "the deadline passed";
    send(the_controller, attempt_ended{t.request, t.attempt, reason, std::move(why)});
  }
  waiting_.erase(waiting_form(t));
  leave_device(t);
  deadlines_.erase({t.what.deadline, id});
  tasks_.erase(id);
  act(forget{id});
  for (auto& [other, x] : tasks_)
    x.blocked = false; // its memory may be what they wait for
}

/// Ends the waiting tasks that no device in service can ever run.
void engine::state::end_hopeless() {
  std::vector<std::pair<task_id, plan_table::entry>> hopeless;
  for (const auto& w : waiting_) {
    const auto& t = tasks_.at(w.task);
    bool hope = false;
    plan_table::entry why{plan_table::status::failed, 0, never, errc::unavailable,
                          "no device that could run it is in service"};
    for (const auto& d : cluster_->devices) {
      if ((t.pinned != no_device && t.pinned != d.id) || !devices_[d.id.value].in_service)
        continue;
      const auto& plan = plans_.at(d.id, t.what.model, t.what.symbols);
      if (plan.what == plan_table::status::failed)
        why = plan;
      else
        hope = true;
    }
    if (!hope)
      hopeless.emplace_back(w.task, why);
  }
  for (const auto& [id, why] : hopeless)
    end(id, why.failure == errc::attempt_lost ? errc::device_failed : why.failure, why.text);
}

} // namespace baton::scheduling
