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

/// A plan is there, and with it the model's weights.
void engine::state::settle(const pending_command& done) {
  auto& m = memory_of(done.plan.group);
  if (m.models.try_emplace(done.plan.model, residence{now_, now_, false}).second)
    m.loading[done.plan.model] = now_ - done.since;
}

/// There was no memory for a plan, or for the values of a task that needs it. False: nothing can make room for it.
bool engine::state::run_short(const plan_key& k) {
  if (plans_.at(k).what == plan_table::status::queued)
    return true; // another task has found the same
  auto& m = memory_of(k.group);
  const bool others = std::any_of(m.models.begin(), m.models.end(), [&](const auto& x) { return x.first != k.model; });
  if ((!others && m.evicts.empty()) || models_.at(k.model).removed)
    return false;
  plans_.postpone(k);
  m.lacking.push_back(k);
  short_.insert(plans_.domain(k.group));
  plans_changed(k);
  if (const auto s = shapes_.find(*plans_.find(k.model, k.symbols)); s != shapes_.end())
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
    return false; // some is being made
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
  m.models.erase(gone);
  m.evicts.push_back(gone);
  plans_.evict(gone, d);
  std::erase_if(m.lacking,
                [&](const auto& x) { return plans_.at(x).what == plan_table::status::evicted; });
  shapes_changed(gone);
  ++counters_.evictions;
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
  std::vector<task_id> stuck;
  plans_.each_shape(m, [&](plan_table::number n) {
    const auto s = shapes_.find(n);
    if (s == shapes_.end())
      return;
    for (const auto id : s->second.waiting) {
      const auto& t = tasks_.at(id);
      const auto lacks = [&](const device_facts& x) { return is_lacking(t, x.id); };
      if (t.values_in == d && t.reach == waiting_index::nowhere && commandable(t) && t.standing.value == 0 && !t.blocked
          && std::any_of(cluster_->devices.begin(), cluster_->devices.end(), lacks))
        stuck.push_back(id);
    }
  });
  for (const auto id : stuck)
    end(id, errc::attempt_lost, "what it needs next found no memory, and what it has was needed");
}

/// The one not used for longest; first of those that nothing waits for. What is waited for stays for some times as long
/// as its loading took, and until it has been of use: else two that take turns would do nothing but be loaded. 0: none
/// yet; it looks again when that may change.
model_id engine::state::next_to_leave(domain_id d, model_id for_whom) {
  const auto& m = memory_[d.value];
  std::pair<bool, time_point> least{true, never};
  model_id found;
  auto soonest = never;
  for (const auto& [id, r] : m.models) {
    if (id == for_whom || models_.at(id).removed || plans_.building(id, d))
      continue;
    const bool waits = is_waited_for(id, d);
    if (waits && !r.served)
      continue;
    if (const auto until = r.since + defaults::stay_per_loading * m.loading.at(id); waits && now_ < until) {
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

/// Whether a task that could start there waits for the model.
bool engine::state::is_waited_for(model_id m, domain_id d) const {
  bool found = false;
  plans_.each_shape(m, [&](plan_table::number n) {
    const auto s = shapes_.find(n);
    found = found
            || (s != shapes_.end()
                && std::any_of(s->second.waiting.begin(), s->second.waiting.end(), [&](task_id id) {
                     const auto& t = tasks_.at(id);
                     return t.reach != waiting_index::nowhere && (t.pinned == no_device || cluster_->at(t.pinned).domain == d);
                   }));
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

/// With the shapes that the model is to have everywhere.
void engine::state::bring_back(const plan_key& k) {
  plans_.bring_back(k);
  for (const auto& symbols : models_.at(k.model).warm)
    plans_.bring_back({k.group, k.model, symbols});
}

/// What waits for evicted plans only has one brought back: to an idle device, to the domain whose coldest model is
/// coldest. So have those to whom it is to be handed on.
void engine::state::ask_back(const task_state& t) {
  using status = plan_table::status;
  for (const auto& s : t.steps)
    if (s.to != no_device && devices_[s.to.value].in_service && plan(t, s.to).what == status::evicted)
      bring_back({group(s.to), t.what.model, t.what.symbols});
  std::optional<std::uint32_t> best;
  std::pair<bool, time_point> least{true, never};
  for (std::uint32_t g = 0; g < plans_.groups(); ++g) {
    if (in_service_[g] == 0 || (t.pinned != no_device && group(t.pinned) != g))
      continue;
    const auto& p = plans_.at(t.shape, g);
    if (p.what == status::queued || p.what == status::building || (p.what == status::ready && !useless(p, t)))
      return; // there, on its way, or about to leave, which will be told
    if (p.what != status::evicted)
      continue;
    const auto& there = memory_of(g).models;
    const auto coldest = std::min_element(there.begin(), there.end(),
                                          [](const auto& a, const auto& b) { return a.second.used < b.second.used; });
    const bool busy = std::none_of(cluster_->devices.begin(), cluster_->devices.end(), [&](const auto& d) {
      return group(d.id) == g && free_.contains(d.id) && devices_[d.id.value].tasks.empty();
    });
    if (std::pair key{busy, coldest == there.end() ? time_point::min() : coldest->second.used}; !best || key < least) {
      least = key;
      best = g;
    }
  }
  if (best)
    bring_back({*best, t.what.model, t.what.symbols});
}

/// An idle device takes a share of what waits elsewhere, if that takes longer than bringing the model over, twice.
/// Returns whether there is a job.
bool engine::state::fetch() {
  bool any = false;
  for (const auto d : free_) {
    const auto g = group(d);
    auto& m = memory_of(g);
    if (!devices_[d.value].tasks.empty() || plans_.any_queued(g) || !m.lacking.empty() || m.leaving.value != 0
        || m.evicting.value != 0)
      continue;
    std::optional<plan_key> best;
    duration most{};
    for (const auto& [n, s] : shapes_) {
      if (plans_.at(n, g).what != plan_table::status::evicted)
        continue;
      std::int64_t devices = 0;
      for (const auto& other : cluster_->devices)
        devices += devices_[other.id.value].in_service
                   && plans_.at(n, group(other.id)).what == plan_table::status::ready;
      if (devices == 0)
        continue;
      const auto wait = s.size * static_cast<std::int64_t>(s.waiting.size()) / devices;
      const auto& first = tasks_.at(*s.waiting.begin()).what;
      const auto loading = m.loading.find(first.model);
      if (loading == m.loading.end() || wait <= defaults::waits_per_loading * loading->second || wait <= most)
        continue;
      most = wait;
      best = {g, first.model, first.symbols};
    }
    if (best) {
      bring_back(*best);
      any = true;
    }
  }
  return any;
}

} // namespace baton::scheduling
