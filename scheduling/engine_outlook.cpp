#include <algorithm>

#include "scheduling/engine_state.hpp"

/// What is predicted of tasks and devices, for policies that look ahead.
namespace baton::scheduling {

namespace {

duration remaining(const plan_table::entry& p, std::uint32_t layer) {
  return p.until.empty() ? p.predicted : p.until.back() - p.until[std::min<std::size_t>(layer, p.until.size() - 1)];
}

} // namespace

/// Bringing over what the task has at the layer; 0 where it is there, and where nothing is known.
duration engine::state::moving(const task_state& t, domain_id from, device_id to, std::uint32_t layer) const {
  const auto into = cluster_->at(to).domain;
  const auto m = models_.find(t.what.model);
  if (from == into || m == models_.end() || layer >= m->second.live_bytes.size())
    return {};
  return cluster_->copy_time(from, into, m->second.live_bytes[layer] * static_cast<std::uint64_t>(rows_of(t.what)));
}

/// When each of its tasks ends and a lane becomes free: they are run in the order in which they were given.
void engine::state::foresee(device_id d) {
  if (!policy_->looks_ahead())
    return;
  auto& s = devices_[d.value];
  std::vector<time_point> lanes(cluster_->at(d).lanes, now_);
  std::size_t running = 0;
  for (const auto id : s.tasks) {
    auto& t = tasks_.at(id);
    if (t.leaving)
      continue;
    const auto lane = std::min_element(lanes.begin(), lanes.end());
    const auto begins = t.began == never && t.arrived && running < lanes.size();
    if (begins)
      t.began = now_;
    running += t.began != never;
    if (begins || t.began == never)
      t.ends = (begins ? now_ : std::max(*lane, t.there_at)) + remaining(plan(t, d), t.what.at.layer);
    *lane = std::max(t.ends, now_);
  }
  s.free_at = *std::min_element(lanes.begin(), lanes.end());
}

prospect engine::state::prospect_of(task_id id, device_id d) const {
  const auto& t = tasks_.at(id);
  if (t.device == d)
    return {{}, {}, std::max(t.ends - now_, duration{})};
  auto layer = t.what.at.layer;
  duration issued{};
  if (t.began != never)
    if (const auto& until = plan(t, t.device).until; !until.empty()) {
      // The layer under way, and one more that may wait behind it on the lane.
      const auto done = now_ - t.began + until[layer];
      const auto next = std::upper_bound(until.begin(), until.end(), done) - until.begin() + 1;
      layer = static_cast<std::uint32_t>(std::min(next, std::ssize(until) - 1));
      issued = std::max(until[layer] - done, duration{});
    }
  const auto from = t.laid_out_by == no_device ? host_domain : t.values_in;
  return {issued, moving(t, from, d, layer), remaining(plan(t, d), layer)};
}

std::vector<waiting_task> engine::state::heads_in_time(device_id d) const {
  if (!devices_[d.value].up)
    return {};
  return startable_.heads(d, group(d), [&](const waiting_task& t) { return now_ + prospect_of(t.task, d).alone(); });
}

std::size_t engine::state::waiting(std::uint32_t shape) const {
  const auto s = shapes_.find(shape);
  return s == shapes_.end() ? 0 : s->second.waiting.size();
}

bool engine::state::may_line_up(device_id d) const {
  const auto& s = devices_[d.value];
  return s.up && s.job.value == 0 && s.staying == cluster_->at(d).lanes && !plans_.any_queued(group(d));
}

} // namespace baton::scheduling
