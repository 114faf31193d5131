#include <algorithm>

#include "scheduling/engine_state.hpp"

/// Tasks of several requests: how they come to be, and how requests leave.
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

/// Whether they are at one position, or in one cell.
bool engine::state::meet(const task_state& t, const task_state& other) const {
  if (t.what.at == other.what.at)
    return true;
  const auto cell = next_cell(t.what.model, t.what.at.layer);
  return cell && cell->layer == t.what.at.layer && cell->layer == other.what.at.layer && t.laid_out_by != no_device;
}

bool engine::state::can_join(const task_state& t, const task_state& other, device_id d) const {
  const auto begun = t.laid_out_by != no_device;
  return t.entered && other.entered && t.what.id != other.what.id && joins(t) && joins(other) && could_start(t)
         && could_start(other) && t.what.model == other.what.model && meet(t, other)
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
  const auto at = std::max(t.what.at, other.what.at);
  for (auto* x : {&t, &other})
    for (auto& m : x->what.members)
      m.behind += at.part - x->what.at.part;
  t.what.at = at;
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
  sum_up(t);
  if (t.laid_out_by != no_device)
    t.what.pieces += other.what.pieces;
  t.what.ready = *both(t.what.ready, other.what.ready);
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
  sum_up(t);
  if (!waits)
    return touch(t);
  part_ways(t);
  enter(t);
}

/// What it is as a whole, by its requests.
void engine::state::sum_up(task_state& t) {
  t.what.deadline = never;
  for (const auto& r : t.riders) {
    const auto first = &r == &t.riders.front();
    t.what.deadline = std::min(t.what.deadline, r.deadline);
    t.what.priority = first ? r.priority : std::max(t.what.priority, r.priority);
    t.arrival = first ? r.request.value : std::min(t.arrival, r.request.value);
  }
}

// -- parting
// -----------------------------------------------------------------------------------------------------------

/// Of members at different steps those that have done the layer are a task of their own from now on; the others'
/// position is where the most advanced of them is. @pre it does not wait in the books
void engine::state::part_ways(task_state& t) {
  if (!is_apart(t.what))
    return;
  auto& at = t.what.at;
  if (at.part == 0) {
    const auto done = at;
    at.layer = done.layer - 1;
    at.part = next_cell(t.what.model, at.layer)->steps;
    split_off(t, done);
  }
  const auto& members = t.what.members;
  const auto least = std::min_element(members.begin(), members.end(), [](const member& a, const member& b) {
                       return a.behind < b.behind;
                     })->behind;
  at.part -= least;
  for (auto& m : t.what.members)
    m.behind -= least;
}

/// Those that are not behind.
void engine::state::split_off(task_state& t, position done) {
  const auto stays = [](const member& m) { return m.behind > 0; };
  auto& members = t.what.members;
  const auto first = std::stable_partition(members.begin(), members.end(), stays);
  if (first == members.end()) // they have left
    return;
  const task_id id{++last_task_};
  auto& n = tasks_[id];
  n.what = t.what;
  n.what.id = id;
  n.what.epoch = {};
  n.what.at = done;
  n.what.members.assign(first, members.end());
  members.erase(first, members.end());
  const auto leaves = [&](const rider& r) {
    return std::any_of(n.what.members.begin(), n.what.members.end(),
                       [&](const member& m) { return m.request == r.request; });
  };
  for (const auto& r : t.riders) {
    if (!leaves(r))
      continue;
    n.riders.push_back(r);
    by_attempt_.erase({r.request, r.attempt, t.what.id});
    by_attempt_.emplace(r.request, r.attempt, id);
    if (deadlines_.erase({r.deadline, t.what.id, r.request}) > 0)
      deadlines_.emplace(r.deadline, id, r.request);
  }
  std::erase_if(t.riders, leaves);
  n.waiting_since = t.waiting_since;
  n.values_in = t.values_in;
  n.laid_out_by = t.laid_out_by;
  n.last_device = t.last_device;
  for (auto* x : {&t, &n}) {
    fit_rows(*x);
    sum_up(*x);
    if (std::all_of(x->riders.begin(), x->riders.end(), [](const rider& r) { return r.ending != errc::none; }))
      x->ending = x->riders.front().ending;
  }
  ++models_.at(t.what.model).tasks;
  ++counters_.split;
  enter(n);
  pursue_end(n);
}

/// As many rows as its members have, if there is a plan for so many where its values are; else as few more as there is
/// one for.
void engine::state::fit_rows(task_state& t) {
  std::int64_t rows = 0;
  for (auto& m : t.what.members) {
    m.first_row = rows;
    rows += m.rows;
  }
  const auto usable = [&](std::int64_t n) {
    const auto shape = plans_.find(t.what.model, symbols_of(t, n));
    return shape && plans_.at(*shape, group(t.laid_out_by)).what == plan_table::status::ready;
  };
  while (rows < t.what.symbols[models_.at(t.what.model).rows] && !usable(rows))
    ++rows;
  t.what.symbols = symbols_of(t, rows);
  t.shape = *plans_.find(t.what.model, t.what.symbols);
  t.what.pieces = 2;
}

std::string engine::state::why_ended(errc reason) {
  return reason == errc::cancelled     ? "cancelled by the client"
         : reason == errc::unavailable ? "the model is being unloaded"
                                       : "the deadline passed";
}

} // namespace baton::scheduling
