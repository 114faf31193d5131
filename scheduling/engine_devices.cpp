#include <algorithm>
#include <utility>

#include "scheduling/engine_state.hpp"

/// Workers that come and go, and the plans they build.
namespace baton::scheduling {

void engine::state::on(const worker_up& e) {
  auto& d = devices_.at(e.device.value);
  d.up = true;
  d.up_since = now_;
}

/// The death of a worker answers its open commands as lost. Tasks on their way to it are with their givers; those it
/// held are gone.
void engine::state::on(const worker_down& e) {
  auto& d = devices_.at(e.device.value);
  d.up = false;
  std::vector<std::pair<command_id, pending_command>> lost;
  for (const auto& [id, c] : commands_)
    if (c.receiver == e.device)
      lost.emplace_back(id, c);
  for (const auto& [id, c] : lost) {
    commands_.erase(id);
    if (c.what == pending_command::kind::job) {
      d.job = {};
      plans_.not_built(c.plan, errc::attempt_lost,
                       "building it killed " + std::to_string(defaults::job_attempts) + " workers", now_);
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
      t->steps.push_front(c.step);
    } else if (t->cancelling == id) {
      t->cancelling = {};
    } else if (t->main == id) {
      t->main = {};
      if (c.what == pending_command::kind::start)
        wait(*t, nullptr);
    }
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
  if (now_ - d.up_since >= defaults::sound_worker)
    d.restarts = 0;
  if (d.restarts < defaults::worker_restarts) {
    ++d.restarts;
    ++counters_.restarts;
    act(restart{e.device});
  } else {
    d.in_service = false;
  }
  announce_models();
  end_hopeless();
}

void engine::state::on(const job_done& e) {
  auto i = commands_.find(e.command);
  if (i == commands_.end())
    return;
  auto c = i->second;
  commands_.erase(i);
  devices_.at(c.receiver.value).job = {};
  if (e.failure == errc::none)
    plans_.built(c.plan);
  else
    plans_.not_built(c.plan, e.failure, e.message, now_);
  announce_models();
  end_hopeless();
}

void engine::state::on(const model_added& e) {
  models_[e.model] = {e.warm, false};
  for (const auto& symbols : e.warm)
    plans_.want(e.model, symbols, now_);
  announce_models();
}

bool engine::state::in_service(std::uint32_t group) const {
  return std::any_of(cluster_->devices.begin(), cluster_->devices.end(), [&](const device_facts& d) {
    return plans_.group(d.id) == group && devices_[d.id.value].in_service;
  });
}

/// Tells once per model that its warm shapes are built everywhere, or that one cannot be.
void engine::state::announce_models() {
  for (auto& [id, m] : models_) {
    if (m.announced)
      continue;
    bool all = true;
    plan_table::entry bad;
    for (const auto& symbols : m.warm) {
      for (std::uint32_t g = 0; g < plans_.groups(); ++g) {
        if (!in_service(g))
          continue; // nobody is left to build it, nor to run it
        const auto& plan = plans_.at({g, id, symbols});
        all = all && plan.what == plan_table::status::ready;
        if (plan.what == plan_table::status::failed)
          bad = plan;
      }
    }
    if (!all && bad.failure == errc::none)
      continue;
    m.announced = true;
    act(model_ready{id, bad.failure, bad.text});
  }
}

} // namespace baton::scheduling
