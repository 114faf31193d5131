#include <algorithm>
#include <utility>

#include "scheduling/engine_state.hpp"

/// Workers that come and go, and the plans they build.
namespace baton::scheduling {

void engine::state::on(const worker_up& e) {
  auto& d = devices_.at(e.device.value);
  d.up = true;
  d.up_since = now_;
  recount(e.device);
}

/// The death of a worker answers its open commands as lost. Tasks on their way to it are with their givers; those it
/// held are gone.
void engine::state::on(const worker_down& e) {
  auto& d = devices_.at(e.device.value);
  const bool was_up = std::exchange(d.up, false);
  recount(e.device);
  std::vector<std::pair<command_id, pending_command>> lost;
  for (const auto& [id, c] : commands_)
    if (c.receiver == e.device)
      lost.emplace_back(id, c);
  for (const auto& [id, c] : lost) {
    commands_.erase(id);
    if (c.what == pending_command::kind::job) {
      d.job = {};
      if (auto& m = memory_of(c.plan.group); m.evicting == id) { // it may not have come to that
        m.evicting = {};
        m.evicts = c.evicts;
      }
      plans_.not_built(c.plan, errc::attempt_lost,
                       "building it killed " + std::to_string(defaults::job_attempts) + " workers", now_);
      plans_changed(c.plan);
      forget_if_unused(c.plan.model);
      continue;
    }
    auto* t = find(c.task);
    if (!t) {
      act(forget{c.task});
      continue;
    }
    if (c.what == pending_command::kind::order) {
      t->standing = {};
      t->parked = false;
      if (!c.ours)
        t->steps.insert(t->steps.begin(), c.step);
    } else if (t->cancelling == id) {
      t->cancelling = {};
    } else if (t->main == id) {
      t->main = {};
      if (c.what == pending_command::kind::start)
        wait(*t, nullptr);
    }
    touch(*t);
    if (t->device != e.device)
      pursue_end(*t);
  }
  auto held = d.tasks;
  for (auto id : held) {
    auto& t = tasks_.at(id);
    auto main = commands_.find(t.main);
    bool on_its_way = main != commands_.end() && main->second.what == pending_command::kind::start;
    if (!on_its_way) // through the transfer, which will answer
      end(id, t.ending == errc::none ? errc::attempt_lost : t.ending, "the worker of the device died");
  }
  if (was_up && now_ - d.up_since >= defaults::sound_worker)
    d.restarts = 0;
  if (d.restarts < defaults::worker_restarts) {
    ++d.restarts;
    ++counters_.restarts;
    act(restart{e.device});
  } else if (std::exchange(d.in_service, false)) {
    --in_service_[group(e.device)];
    for (const auto& [shape, s] : shapes_)
      plans_changed(shape);
  }
  release_blocked();
  announce_models();
  end_hopeless();
}

std::optional<device_id> engine::state::next_job(device_id from) const {
  if (!plans_.any_queued())
    return std::nullopt;
  for (auto d = from; cluster_->has(d); ++d.value) {
    const auto& s = devices_[d.value];
    if (s.up && s.job.value == 0 && s.tasks.empty() && plans_.any_queued(group(d))
        && memory_[cluster_->at(d).domain.value].evicting.value == 0)
      return d;
  }
  return std::nullopt;
}

/// @pre `next_job` has named the device.
void engine::state::start_job(device_id d) {
  auto key = plans_.next_job(group(d));
  comes(key->model, group(d));
  const auto id = command(pending_command::kind::job, {}, d);
  devices_[d.value].job = id;
  auto& c = commands_[id];
  c.plan = *key;
  auto& memory = memory_of(group(d));
  c.evicts = std::exchange(memory.evicts, {});
  if (!c.evicts.empty())
    memory.evicting = id;
  send(worker_of(d), job{id, cluster_->at(d).domain, key->model, key->symbols, c.evicts});
  sort(d);
  if (!plans_.any_queued(group(d))) // others need not be empty for it any more
    for (const auto& other : cluster_->devices)
      if (other.lanes > 1 && group(other.id) == group(d))
        sort(other.id);
}

void engine::state::on(const job_done& e) {
  auto i = commands_.find(e.command);
  if (i == commands_.end())
    return;
  auto c = i->second;
  commands_.erase(i);
  devices_.at(c.receiver.value).job = {};
  if (auto& m = memory_of(c.plan.group); m.evicting == e.command) {
    m.evicting = {};
    try_again(m);
  }
  sort(c.receiver);
  if (e.failure == errc::none) {
    if (!plans_.at(c.plan).known)
      work_[c.plan.group] += e.predicted;
    plans_.built(c.plan, e.predicted, e.lacking, e.message, e.layer_ns, e.layer_use);
    settle(c);
  } else if (e.failure != errc::out_of_memory || !run_short(c.plan)) {
    plans_.not_built(c.plan, e.failure, e.message, now_);
  }
  plans_changed(c.plan);
  release_blocked();
  forget_if_unused(c.plan.model);
  announce_models();
  end_hopeless();
}

void engine::state::on(const model_added& e) {
  models_[e.model] = {.warm = e.warm, .rows = e.rows, .live_bytes = e.live_bytes, .cells = e.cells};
  last_model_ = std::max(last_model_, e.model);
  for (const auto& symbols : e.warm)
    plans_changed(plans_.want(e.model, symbols, now_).shape);
  announce_models();
}

/// What waits of the model ends now, what is on a device at the next boundary, jobs not begun are not begun.
void engine::state::on(const model_removed& e) {
  auto m = models_.find(e.model);
  if (m == models_.end() || m->second.removed)
    return;
  m->second.removed = true;
  plans_.withdraw(e.model);
  for (auto& memory : memory_)
    std::erase_if(memory.lacking, [&](const auto& x) { return x.model == e.model; });
  std::vector<task_id> open;
  for (const auto& [id, t] : tasks_)
    if (t.what.model == e.model)
      open.push_back(id);
  for (auto id : open) {
    auto& t = tasks_.at(id);
    if (t.ending == errc::none)
      t.ending = errc::unavailable;
    touch(t);
    pursue_end(t);
  }
  forget_if_unused(e.model);
}

void engine::state::forget_if_unused(model_id id) {
  auto m = models_.find(id);
  if (m == models_.end() || !m->second.removed || m->second.tasks > 0 || plans_.building(id))
    return;
  plans_.forget(id);
  for (auto& memory : memory_) {
    memory.models.erase(id);
    memory.loading.erase(id);
    if (memory.leaving == id)
      memory.leaving = {};
    try_again(memory); // there is more now
  }
  std::erase_if(traffic_, [id](const model_traffic& x) { return x.model == id; });
  models_.erase(m);
  act(forget_model{id});
}

const plan_table::entry* engine::state::incomplete(model_id m, const std::vector<std::int64_t>& symbols) const {
  const auto somebody_has = [&](std::uint32_t layer) {
    for (std::uint32_t g = 0; g < plans_.groups(); ++g)
      if (in_service_[g] > 0 && !plans_.at({g, m, symbols}).lacking.has(layer))
        return true;
    return false;
  };
  for (std::uint32_t g = 0; g < plans_.groups(); ++g)
    if (const auto& p = plans_.at({g, m, symbols});
        in_service_[g] > 0 && !std::all_of(p.lacking.layers.begin(), p.lacking.layers.end(), somebody_has))
      return &p;
  return nullptr;
}

/// Tells once per model that its warm shapes are built everywhere, or that one cannot be.
void engine::state::announce_models() {
  for (auto& [id, m] : models_) {
    if (m.announced || m.removed)
      continue;
    bool all = true;
    plan_table::entry bad;
    for (const auto& symbols : m.warm) {
      for (std::uint32_t g = 0; g < plans_.groups(); ++g) {
        if (in_service_[g] == 0)
          continue; // nobody is left to build it, nor to run it
        const auto& plan = plans_.at({g, id, symbols});
        all = all && plan.known; // it may have made room for another since
        if (plan.what == plan_table::status::failed)
          bad = plan;
      }
    }
    if (!all && bad.failure == errc::none)
      continue;
    for (const auto& symbols : m.warm)
      if (const auto* p = bad.failure == errc::none ? incomplete(id, symbols) : nullptr) {
        bad = *p;
        bad.failure = errc::bad_model;
      }
    m.announced = true;
    act(model_ready{id, bad.failure, bad.text});
  }
}

} // namespace baton::scheduling
