#include <algorithm>

#include "scheduling/engine_state.hpp"

/// What could start where, and what could give way: kept up to date event by event.
namespace baton::scheduling {

void engine::state::enter(task_state& t) {
  auto [s, fresh] = shapes_.try_emplace(t.shape, shape_state{.model = t.what.model});
  if (fresh)
    look_up(t.shape, s->second);
  t.entered = waiting_form(t);
  ++waiting_;
  suspects_.insert(t.what.id);
  s->second.waiting.insert(t.what.id);
  index(t);
}

void engine::state::leave(task_state& t) {
  if (!t.entered)
    return;
  if (t.reach != waiting_index::nowhere)
    startable_.erase(*t.entered, t.reach);
  if (t.resident != no_domain)
    --resident_[t.resident];
  t.entered.reset();
  t.reach = waiting_index::nowhere;
  t.resident = no_domain;
  --waiting_;
  suspects_.erase(t.what.id);
  auto s = shapes_.find(t.shape);
  s->second.waiting.erase(t.what.id);
  if (s->second.waiting.empty())
    shapes_.erase(s);
}

/// What policies see of it has changed.
void engine::state::enter_anew(task_state& t) {
  if (!t.entered)
    return touch(t);
  leave(t);
  enter(t);
}

void engine::state::touch(task_state& t) {
  if (t.device == no_device)
    index(t);
  else
    count(t);
}

/// Where a waiting task could start, now.
void engine::state::index(task_state& t) {
  if (!t.entered)
    return;
  auto reach = could_start(t) ? reach_of(t) : waiting_index::nowhere;
  if (reach != t.reach) {
    if (t.reach != waiting_index::nowhere)
      startable_.erase(*t.entered, t.reach);
    if (reach != waiting_index::nowhere)
      startable_.insert(*t.entered, reach);
    t.reach = reach;
  }
  auto resident = t.blocked ? no_domain : t.values_in;
  if (resident != t.resident) {
    if (t.resident != no_domain)
      --resident_[t.resident];
    if (resident != no_domain)
      ++resident_[resident];
    t.resident = resident;
  }
}

/// A task may start on a device whose plan is there; one that is to be moved waits for the receiver's plan too,
/// unless there is no memory for that.
bool engine::state::could_start(const task_state& t) const {
  using status = plan_table::status;
  bool settled = t.ending == errc::none && t.main.value == 0 && t.standing.value == 0 && t.cancelling.value == 0;
  if (!settled || t.blocked)
    return false;
  return std::all_of(t.steps.begin(), t.steps.end(), [&](const steering& s) {
    return s.to == no_device || !devices_[s.to.value].in_service || plan(t, s.to).what == status::ready
           || plan(t, s.to).what == status::failed || is_lacking(t, s.to);
  });
}

/// What there is for a shape, now.
void engine::state::look_up(plan_table::number shape, shape_state& s) {
  std::vector<bool> groups(plans_.groups());
  s.lacking = false;
  s.leaves = false;
  duration sum{};
  std::int64_t known = 0;
  for (std::uint32_t g = 0; g < plans_.groups(); ++g) {
    const auto& p = plans_.at(shape, g);
    groups[g] = p.what == plan_table::status::ready;
    s.leaves = s.leaves || (groups[g] && leaves(s.model, g));
    s.lacking = s.lacking || !p.lacking.layers.empty();
    if (p.predicted > duration{}) {
      sum += p.predicted * in_service_[g];
      known += in_service_[g];
    }
  }
  s.size = known > 0 ? sum / known : duration{};
  s.reach = startable_.reach_of(groups);
}

/// Though the model is to leave the group's memory: what has begun there, was told to, or can nowhere else.
bool engine::state::must_go_on(const task_state& t, std::uint32_t there) const {
  if (!begun(t))
    return false;
  if (t.values_in == plans_.domain(there) || t.pinned != no_device)
    return true;
  for (std::uint32_t g = 0; g < plans_.groups(); ++g)
    if (plans_.domain(g) == t.values_in && in_service_[g] > 0 && plans_.at(t.shape, g).what == plan_table::status::ready
        && !plans_.at(t.shape, g).lacking.has(t.what.at.layer))
      return false;
  return true;
}

/// Where plans have its next layer. Of a task that a device has failed: the groups that have not, as long as one of
/// them is in service; then all again.
waiting_index::reach engine::state::reach_of(task_state& t) {
  if (const auto& s = shapes_.at(t.shape); t.avoided.empty() && !s.lacking && !s.leaves)
    return s.reach;
  std::vector<bool> groups(plans_.groups());
  std::vector<bool> preferred(plans_.groups());
  for (std::uint32_t g = 0; g < plans_.groups(); ++g) {
    const auto& p = plans_.at(t.shape, g);
    groups[g] = p.what == plan_table::status::ready && !p.lacking.has(t.what.at.layer)
                && (!leaves(t.what.model, g) || must_go_on(t, g));
    preferred[g] =
        groups[g] && in_service_[g] > 0 && std::find(t.avoided.begin(), t.avoided.end(), g) == t.avoided.end();
  }
  if (std::find(preferred.begin(), preferred.end(), true) != preferred.end())
    return startable_.reach_of(preferred);
  t.avoided.clear();
  return startable_.reach_of(groups);
}

bool engine::state::avoid(task_state& t, device_id failed) {
  t.avoided.push_back(group(failed));
  enter_anew(t);
  return !t.avoided.empty();
}

void engine::state::plans_changed(const plan_key& k) {
  if (auto shape = plans_.find(k.model, k.symbols))
    plans_changed(*shape);
}

/// Rare: when a plan has been built, or could not be. Then those that wait for it are looked at.
void engine::state::plans_changed(plan_table::number shape) {
  auto s = shapes_.find(shape);
  if (s == shapes_.end())
    return;
  const auto size = s->second.size;
  look_up(shape, s->second);
  suspects_.insert(s->second.waiting.begin(), s->second.waiting.end());
  for (auto id : s->second.waiting) {
    auto& t = tasks_.at(id);
    if (s->second.size != size) { // it may have another place in the order
      if (t.reach != waiting_index::nowhere)
        startable_.erase(*t.entered, std::exchange(t.reach, waiting_index::nowhere));
      t.entered->size = s->second.size;
      t.entered->rank = policy_->rank(*t.entered);
    }
    index(t);
  }
}

/// Whether a command may be sent for it.
bool engine::state::commandable(const task_state& t) const {
  return t.main.value == 0 && t.cancelling.value == 0 && t.ending == errc::none && !t.parked;
}

std::optional<running_task> engine::state::in_crowd(const task_state& t) const {
  const bool in = t.device != no_device && devices_[t.device.value].up && commandable(t);
  return in ? std::optional{running_form(t)} : std::nullopt;
}

/// Brings the books of devices up to date with a task that runs, or does not any more.
void engine::state::count(task_state& t) {
  if (crowd_)
    if (auto now = in_crowd(t); now != t.in_crowd) {
      if (t.in_crowd)
        crowd_->erase(*t.in_crowd);
      if (now)
        crowd_->insert(*now);
      t.in_crowd = now;
    }
  auto on = t.leaving ? no_device : t.device;
  if (on == t.counted_on)
    return;
  auto off = std::exchange(t.counted_on, on);
  if (off != no_device) {
    auto& d = devices_[off.value];
    --d.staying;
    d.unpredicted -= t.predicted == duration{};
    add_load(off, -t.predicted);
  }
  if (on != no_device) {
    t.predicted = plan(t, on).predicted;
    auto& d = devices_[on.value];
    ++d.staying;
    d.unpredicted += t.predicted == duration{};
    add_load(on, t.predicted);
  }
}

void engine::state::add_load(device_id d, duration more) {
  auto& s = devices_[d.value];
  in_line_.erase({s.load, d});
  s.load += more;
  sort(d);
}

/// Puts the device where it belongs: with a free lane, with room in line, with too many.
void engine::state::sort(device_id d) {
  const auto& s = devices_[d.value];
  auto lanes = cluster_->at(d).lanes;
  bool takes = s.up && s.job.value == 0;
  // With a lane free and another not it would never be empty for a job.
  bool empties = s.staying > 0 && plans_.any_queued(group(d)) && is_first(d);
  bool full = s.staying >= lanes;
  bool predicted = s.unpredicted == 0;
  free_.keep(d, takes && !full && !empties);
  if (takes && full && predicted && s.load < backlog_)
    in_line_.emplace(s.load, d);
  else
    in_line_.erase({s.load, d});
  crowded_.keep(d, s.staying > lanes && !(predicted && s.load <= backlog_)); // a short line needs no clearing
  line_up(d);
}

/// Of those of its group that could take a job.
bool engine::state::is_first(device_id d) const {
  return std::none_of(devices_.begin(), devices_.begin() + d.value, [&](const device_state& other) {
    return group(device_id{static_cast<std::uint32_t>(&other - devices_.data())}) == group(d) && other.up
           && other.job.value == 0;
  });
}

/// It has come up or gone down.
void engine::state::recount(device_id d) {
  for (auto id : devices_[d.value].tasks)
    count(tasks_.at(id));
  sort(d);
}

std::optional<waiting_task> engine::state::first_due(device_id d, std::uint32_t shape, time_point least) const {
  const auto* first = devices_[d.value].up ? startable_.first_due(d, group(d), shape, least) : nullptr;
  return first ? std::optional{*first} : std::nullopt;
}

bool engine::state::has_room(duration takes, device_id d) const {
  return free_.contains(d) || (takes > duration{} && devices_[d.value].load + takes <= backlog_);
}

} // namespace baton::scheduling
