#include <algorithm>
#include <utility>

#include "scheduling/engine_state.hpp"

/// Which models are where, and who goes where one more does not fit. docs/decisions/009 tells the rules.
namespace baton::scheduling {

memory_state& engine::state::memory_of(std::uint32_t group) {
  return memory_[plans_.domain(group).value];
}

bool engine::state::leaves(model_id m, std::uint32_t group) const {
  return memory_[plans_.domain(group).value].leaving == m;
}

/// There was no memory for a plan, or for the values of a task that needs it. False: nothing can make room for it.
bool engine::state::run_short(const plan_key& k) {
  const auto& plan = plans_.at(k);
  if (plan.what == plan_table::status::queued)
    return true; // another task has found the same
  const auto shape = *plans_.find(k.model, k.symbols);
  if (plan.known && !shapes_.contains(shape)) {
    plans_.do_without(k);
    return true;
  }
  auto& m = memory_of(k.group);
  // Also those that are about to be removed: then it is tried again.
  const bool others = std::any_of(m.models.begin(), m.models.end(), [&](const auto& x) { return x.first != k.model; });
  if ((!others && m.evicts.empty()) || models_.at(k.model).removed)
    return false;
  plans_.postpone(k);
  m.lacking.push_back(k);
  short_.insert(plans_.domain(k.group));
  plans_changed(k);
  if (const auto s = shapes_.find(shape); s != shapes_.end())
    for (const auto id : std::set(s->second.waiting))
      if (auto& t = tasks_.at(id); t.pinned != no_device && group(t.pinned) == k.group && begun(t)) {
        t.pinned = no_device;
        enter_anew(t);
      }
  return true;
}

bool engine::state::is_lacking(const task_state& t, device_id d) const {
  const auto& lacking = memory_[cluster_->at(d).domain.value].lacking;
  return std::find(lacking.begin(), lacking.end(), plan_key{group(d), t.what.model, t.what.symbols}) != lacking.end();
}

/// In each domain that is short of it.
void engine::state::look_after_memory() {
  if (short_.empty())
    return;
  bool evicted = false;
  for (const auto d : std::exchange(short_, {})) {
    evicted = make_room(d) || evicted;
    if (const auto& m = memory_[d.value]; !m.lacking.empty() || m.leaving.value != 0)
      short_.insert(d);
  }
  if (evicted)
    end_hopeless(); // what waits for those that went asks for them elsewhere
}

/// One step; true: a model has been evicted.
bool engine::state::make_room(domain_id d) {
  auto& m = memory_[d.value];
  if (m.lacking.empty()) {
    if (const auto spared = std::exchange(m.leaving, {}); spared.value != 0)
      shapes_changed(spared);
    return false;
  }
  if (m.evicting.value != 0)
    return false;          // some is being made
  if (!m.evicts.empty()) { // and goes with the next job
    try_again(m);
    return false;
  }
  if (m.leaving.value == 0) {
    m.leaving = next_to_leave(d, m.lacking.front().model);
    if (m.leaving.value == 0)
      return false;
    shapes_changed(m.leaving);
  }
  if (is_used(m.leaving, d)) {
    begin_anew(m.leaving, d);
    return false;
  }
  const auto gone = std::exchange(m.leaving, {});
  counters_.evictions += m.models.at(gone).plans > 0;
  m.models.erase(gone);
  m.evicts.push_back(gone);
  plans_.evict(gone, d);
  std::erase_if(m.lacking, [&](const auto& x) { return plans_.at(x).what == plan_table::status::evicted; });
  shapes_changed(gone);
  try_again(m);
  return true;
}

/// Front to back as they were.
void engine::state::try_again(memory_state& m) {
  auto again = std::exchange(m.lacking, {});
  for (auto k = again.rbegin(); k != again.rend(); ++k) {
    plans_.put_back(*k);
    plans_changed(*k);
  }
}

/// What has values where the model is to leave, and can go on only where there is no memory for it either, would wait
/// for others that wait for it.
void engine::state::begin_anew(model_id m, domain_id d) {
  const auto resident = resident_.find(d);
  if (resident == resident_.end() || resident->second == 0)
    return;
  std::vector<task_id> stuck;
  plans_.each_shape(m, [&](plan_table::number n) {
    const auto s = shapes_.find(n);
    if (s == shapes_.end())
      return;
    for (const auto id : s->second.waiting)
      if (const auto& t = tasks_.at(id); t.values_in == d && t.reach == waiting_index::nowhere && commandable(t)
                                         && t.standing.value == 0 && !t.blocked && waits_for_memory(t))
        stuck.push_back(id);
  });
  for (const auto id : stuck)
    end(id, errc::attempt_lost, "what it needs next found no memory, and what it has was needed");
}

/// And for nothing else: no plan that it needs is on its way.
bool engine::state::waits_for_memory(const task_state& t) const {
  using status = plan_table::status;
  bool lacks = false;
  for (const auto& d : cluster_->devices) {
    const auto what = plan(t, d.id).what;
    const bool lacking = is_lacking(t, d.id);
    if (devices_[d.id.value].in_service && (what == status::building || (what == status::queued && !lacking)))
      return false;
    lacks = lacks || lacking;
  }
  return lacks;
}

/// The one not used for longest; first of those that nothing waits for. What is waited for stays for some times as long
/// as its loading took, and until it has been of use: else two that take turns would do nothing but be loaded. 0: none
/// yet; it looks again when that may change.
model_id engine::state::next_to_leave(domain_id d, model_id for_whom) {
  const auto& m = memory_[d.value];
  const bool any = std::any_of(m.models.begin(), m.models.end(), [&](const auto& x) {
    return x.first != for_whom && x.second.plans > 0 && !models_.at(x.first).removed;
  });
  std::pair<bool, time_point> least{true, never};
  model_id found;
  auto soonest = never;
  for (const auto& [id, r] : m.models) {
    if (id == for_whom || models_.at(id).removed || plans_.building(id, d))
      continue;
    if (any && r.plans == 0 && plans_.queued(id, d))
      continue; // it lacks memory itself, and would only come again
    const bool waits = is_waited_for(id, d);
    if (waits && !r.served)
      continue;
    if (const auto until = r.since + defaults::stay_per_loading * m.loading_of(id); waits && now_ < until) {
      soonest = std::min(soonest, until);
      continue;
    }
    if (std::pair key{waits, r.used}; key < least) {
      least = key;
      found = id;
    }
  }
  if (found.value == 0 && soonest != never)
    wake_for(soonest);
  return found;
}

/// Whether a task waits for the model that could start there, as soon as others are where it is to be handed on to.
bool engine::state::is_waited_for(model_id m, domain_id d) const {
  const auto could = [&](const task_state& t) {
    return commandable(t) && t.standing.value == 0 && !t.blocked
           && std::any_of(cluster_->devices.begin(), cluster_->devices.end(), [&](const device_facts& x) {
                const auto& p = plan(t, x.id);
                return x.domain == d && (t.pinned == no_device || t.pinned == x.id)
                       && p.what == plan_table::status::ready && !p.lacking.has(t.what.at.layer);
              });
  };
  bool found = false;
  plans_.each_shape(m, [&](plan_table::number n) {
    if (const auto s = shapes_.find(n); s != shapes_.end())
      found = found || std::any_of(s->second.waiting.begin(), s->second.waiting.end(), [&](task_id id) {
                return could(tasks_.at(id));
              });
  });
  return found;
}

/// Whether a task that runs there, is on its way there or has values there needs the model's plans.
bool engine::state::is_used(model_id m, domain_id d) const {
  const auto needs = [&](task_id id) {
    const auto& t = tasks_.at(id);
    if (t.what.model != m)
      return false;
    const auto order = commands_.find(t.standing);
    const auto to = order == commands_.end() ? no_device : order->second.step.to;
    return (t.device != no_device && cluster_->at(t.device).domain == d) || t.values_in == d
           || (to != no_device && cluster_->at(to).domain == d);
  };
  bool found = plans_.building(m, d);
  for (const auto& at : devices_)
    found = found || std::any_of(at.tasks.begin(), at.tasks.end(), needs);
  plans_.each_shape(m, [&](plan_table::number n) {
    if (const auto s = shapes_.find(n); s != shapes_.end())
      found = found || std::any_of(s->second.waiting.begin(), s->second.waiting.end(), needs);
  });
  return found;
}

void engine::state::shapes_changed(model_id m) {
  plans_.each_shape(m, [this](plan_table::number n) { plans_changed(n); });
}

} // namespace baton::scheduling
