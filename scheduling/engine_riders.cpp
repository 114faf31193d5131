#include <algorithm>

#include "scheduling/engine_state.hpp"

/// Tasks of several requests: how they come to be, and how one request leaves.
namespace baton::scheduling {

namespace {

/// One ticket that stands for both; nothing if there is none.
std::optional<ready_ticket> both(const ready_ticket& a, const ready_ticket& b) {
  if (a.sequence == 0 || b.sequence == 0)
    return a.sequence == 0 ? b : a;
  if (a.device != b.device || a.lane != b.lane)
    return std::nullopt;
  return a.sequence > b.sequence ? a : b;
}

} // namespace

// -- becoming one
// ------------------------------------------------------------------------------------------------------

bool engine::state::joins(const task_state& t) const {
  return t.steps.empty() && t.pinned == no_device && t.avoided.empty() && t.refusals == 0 && !is_ending(t)
         && models_.at(t.what.model).rows < t.what.symbols.size()
         && t.what.symbols[models_.at(t.what.model).rows] == rows_of(t.what) // none has left
         && std::all_of(t.riders.begin(), t.riders.end(), [](const rider& r) { return r.attempt.value == 1; });
}

std::vector<waiting_task> engine::state::alike(const waiting_task& head, device_id d, std::size_t most) const {
  if (!head.joins || !devices_[d.value].up)
    return {head};
  return startable_.alike(head, group(d), most, [&](const waiting_task& t) {
    return t.joins && (head.laid_out_by == no_device) == (t.laid_out_by == no_device)
           && (head.laid_out_by == no_device || group(head.laid_out_by) == group(t.laid_out_by));
  });
}

std::vector<std::int64_t> engine::state::symbols_of(const task_state& t, std::int64_t rows) const {
  auto symbols = t.what.symbols;
  if (const auto which = models_.at(t.what.model).rows; which < symbols.size())
    symbols[which] = rows;
  return symbols;
}

duration engine::state::predicted_together(const waiting_task& t, std::int64_t rows, device_id d) const {
  const auto& of = tasks_.at(t.task);
  const auto shape = plans_.find(of.what.model, symbols_of(of, rows));
  if (!shape)
    return {};
  const auto& p = plans_.at(*shape, group(d));
  return p.what == plan_table::status::ready && p.lacking.layers.empty() ? p.predicted : duration{};
}

bool engine::state::can_join(const task_state& t, const task_state& other, device_id d) const {
  const auto begun = t.laid_out_by != no_device;
  return t.entered && other.entered && t.what.id != other.what.id && joins(t) && joins(other) && could_start(t)
         && could_start(other) && t.what.model == other.what.model && t.what.at == other.what.at
         && begun == (other.laid_out_by != no_device)
         && (!begun || (t.values_in == other.values_in && group(t.laid_out_by) == group(other.laid_out_by)))
         && both(t.what.ready, other.what.ready)
         && predicted_together(*t.entered, rows_of(t.what) + rows_of(other.what), d) > duration{};
}

/// `other` is part of `t` from now on.
void engine::state::join(task_state& t, task_state& other) {
  leave(t);
  leave(other);
  const auto id = other.what.id;
  auto rows = rows_of(t.what);
  t.what.symbols = symbols_of(t, rows + rows_of(other.what));
  for (auto& m : other.what.members) {
    m.first_row = rows;
    rows += m.rows;
    t.what.members.push_back(std::move(m));
  }
  for (const auto& r : other.riders) {
    by_attempt_.erase({r.request, r.attempt, id});
    by_attempt_.emplace(r.request, r.attempt, t.what.id);
    if (deadlines_.erase({r.deadline, id, r.request}) > 0)
      deadlines_.emplace(r.deadline, t.what.id, r.request);
    t.riders.push_back(r);
  }
  t.what.deadline = std::min(t.what.deadline, other.what.deadline);
  t.what.priority = std::max(t.what.priority, other.what.priority);
  if (t.laid_out_by != no_device)
    t.what.pieces += other.what.pieces;
  t.what.ready = *both(t.what.ready, other.what.ready);
  t.arrival = std::min(t.arrival, other.arrival);
  t.waiting_since = std::min(t.waiting_since, other.waiting_since);
  t.shape = *plans_.find(t.what.model, t.what.symbols);
  --models_.at(t.what.model).tasks;
  ++counters_.joined;
  tasks_.erase(id);
  enter(t);
}

// -- leaving
// -----------------------------------------------------------------------------------------------------------

bool engine::state::is_ending(const task_state& t) const {
  return t.ending != errc::none
         || std::any_of(t.riders.begin(), t.riders.end(), [](const rider& r) { return r.ending != errc::none; });
}

/// The request is to end; so is the task, if it is the last that had to.
void engine::state::give_up(task_state& t, request_id who, errc why) {
  auto all = true;
  for (auto& r : t.riders) {
    if (r.request == who && r.ending == errc::none)
      r.ending = why;
    all = all && r.ending != errc::none;
  }
  if (all && t.ending == errc::none)
    t.ending = why;
}

/// It ends, the others go on: in the same rows as before.
void engine::state::drop(task_state& t, request_id who) {
  const auto r = std::find_if(t.riders.begin(), t.riders.end(), [&](const rider& x) { return x.request == who; });
  if (r == t.riders.end())
    return;
  ++counters_.cancelled;
  send(the_controller, attempt_ended{r->request, r->attempt, r->ending, why_ended(r->ending)});
  deadlines_.erase({r->deadline, t.what.id, who});
  by_attempt_.erase({r->request, r->attempt, t.what.id});
  const auto waits = t.entered.has_value();
  leave(t);
  t.riders.erase(r);
  std::erase_if(t.what.members, [&](const member& m) { return m.request == who; });
  t.what.deadline = never;
  for (const auto& x : t.riders)
    t.what.deadline = std::min(t.what.deadline, x.deadline);
  if (waits)
    enter(t);
}

std::string engine::state::why_ended(errc reason) {
  return reason == errc::cancelled     ? "cancelled by the client"
         : reason == errc::unavailable ? "the model is being unloaded"
                                       : "the deadline passed";
}

} // namespace baton::scheduling
