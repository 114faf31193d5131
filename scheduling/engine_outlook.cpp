#include <algorithm>

#include "metadata/rate.hpp"
#include "scheduling/engine_state.hpp"

/// What is predicted of tasks and devices, for policies that look ahead.
namespace baton::scheduling {

namespace {

duration remaining(const plan_table::entry& p, std::uint32_t layer) {
  return p.until.empty() || layer == 0 ? p.predicted
                                       : p.until.back() - p.until[std::min<std::size_t>(layer, p.until.size() - 1)];
}

duration slowed_by(std::uint32_t per_mille, duration alone) {
  return per_mille == metadata::whole_device
             ? alone
             : metadata::to_duration(metadata::wide{alone.count()} * per_mille / metadata::whole_device);
}

} // namespace

/// Empty: nothing is known.
const std::vector<std::uint64_t>& engine::state::live_bytes(model_id m) const {
  static const std::vector<std::uint64_t> none;
  const auto of = models_.find(m);
  return of == models_.end() ? none : of->second.live_bytes;
}

/// 0 where they are there, and where nothing is known.
duration engine::state::moving(const std::vector<std::uint64_t>& live, std::int64_t rows, std::size_t layer,
                               domain_id from, domain_id to) const {
  if (from == to || layer >= live.size())
    return {};
  return cluster_->copy_time(from, to, live[layer] * static_cast<std::uint64_t>(rows));
}

/// The result, to the host.
duration engine::state::bringing_back(const std::vector<std::uint64_t>& live, std::int64_t rows, domain_id from) const {
  return live.empty() ? duration{} : moving(live, rows, live.size() - 1, from, host_domain);
}

/// Of a task that has begun, now.
duration engine::state::left_of(const task_state& t) const {
  const auto& s = devices_[t.device.value];
  const auto done = metadata::wide{(now_ - s.foreseen).count()} * metadata::whole_device / s.slowed;
  return std::max(t.left - metadata::to_duration(done), duration{});
}

/// When each of its tasks ends and a lane becomes free: they are run in the order in which they were given, and slowed
/// to their ends as what has begun slows each other now. It looks again whenever that changes.
void engine::state::foresee(device_id d) {
  if (!policy_->looks_ahead())
    return;
  auto& s = devices_[d.value];
  const std::size_t count = cluster_->at(d).lanes;
  std::size_t running = 0;
  metadata::resource_use together{0, 0};
  for (const auto id : s.tasks) {
    auto& t = tasks_.at(id);
    if (t.began != never)
      t.left = left_of(t);
    if (t.leaving)
      continue;
    if (t.began == never && t.arrived && running < count) {
      t.began = now_;
      t.left = remaining(plan(t, d), t.what.at.layer);
    }
    running += t.began != never;
    if (count > 1 && t.began != never)
      together += plan(t, d).use_of_last(t.left);
  }
  s.foreseen = now_;
  s.slowed = metadata::slowdown(together);
  std::vector<time_point> lanes(count, now_);
  for (const auto id : s.tasks) {
    auto& t = tasks_.at(id);
    if (t.leaving)
      continue;
    const auto lane = std::min_element(lanes.begin(), lanes.end());
    t.ends = t.began != never
                 ? now_ + slowed_by(s.slowed, t.left)
                 : std::max(*lane, t.there_at) + slowed_by(s.slowed, remaining(plan(t, d), t.what.at.layer));
    *lane = t.ends;
  }
  s.free_at = *std::min_element(lanes.begin(), lanes.end());
  line_up(d);
}

void engine::state::line_up(device_id d) {
  auto& s = devices_[d.value];
  std::optional<time_point> at;
  if (policy_->looks_ahead() && s.up && s.job.value == 0 && s.staying == cluster_->at(d).lanes)
    at = s.free_at;
  if (at == s.soon)
    return;
  if (s.soon)
    soon_.erase({*s.soon, d});
  if (at)
    soon_.emplace(*at, d);
  s.soon = at;
}

prospect engine::state::prospect_of(task_id id, device_id d) const {
  const auto& t = tasks_.at(id);
  const auto into = cluster_->at(d).domain;
  const auto& live = live_bytes(t.what.model);
  const auto result = bringing_back(live, rows_of(t.what), into);
  if (t.device == d)
    return {{}, {}, std::max(t.ends - now_, duration{}), result};
  auto layer = t.what.at.layer;
  duration issued{};
  if (t.began != never)
    if (const auto& until = plan(t, t.device).until; !until.empty()) {
      // The layer under way, and one more that may wait behind it on the lane.
      const auto done = until.back() - left_of(t);
      const auto next = std::upper_bound(until.begin(), until.end(), done) - until.begin() + 1;
      layer = static_cast<std::uint32_t>(std::min(next, std::ssize(until) - 1));
      issued = slowed_by(devices_[t.device.value].slowed, until[layer] - done);
    }
  const auto from = t.laid_out_by == no_device ? host_domain : t.values_in;
  return {issued, moving(live, rows_of(t.what), layer, from, into),
          slowed_by(slowdown(d, id), remaining(plan(t, d), layer)), result};
}

/// By what the tasks use on the mean from where they are, as if that did not change on the way: somewhat less than what
/// comes of layers that meet by chance. With all lanes taken, `with` begins when the first of them ends.
std::uint32_t engine::state::slowdown(device_id d, std::optional<task_id> with) const {
  const std::size_t lanes = cluster_->at(d).lanes;
  if (lanes == 1)
    return metadata::whole_device;
  const auto& s = devices_[d.value];
  metadata::resource_use together{0, 0};
  metadata::resource_use first;
  auto soonest = never;
  std::size_t taken = 0;
  for (const auto id : s.tasks) {
    const auto& t = tasks_.at(id);
    if (t.leaving || id == with || taken == lanes)
      continue;
    ++taken;
    const auto& p = plan(t, d);
    const auto use = p.use_of_last(t.began != never ? left_of(t) : remaining(p, t.what.at.layer));
    together += use;
    if (t.ends < soonest) {
      soonest = t.ends;
      first = use;
    }
  }
  if (with) {
    if (taken == lanes) {
      together.arithmetic -= first.arithmetic;
      together.memory -= first.memory;
    }
    const auto& t = tasks_.at(*with);
    together += plan(t, d).use_of_last(remaining(plan(t, d), t.what.at.layer));
  }
  return metadata::slowdown(together);
}

prospect engine::state::prospect_of(const waiting_task& t, device_id d) const {
  const auto from = t.laid_out_by == no_device ? host_domain : t.values_in;
  const auto into = cluster_->at(d).domain;
  const auto& live = live_bytes(t.model);
  return {{},
          moving(live, t.rows, t.at.layer, from, into),
          slowed_by(slowdown(d, t.task), remaining(plans_.at(t.shape, group(d)), t.at.layer)),
          bringing_back(live, t.rows, into)};
}

view::in_time engine::state::heads_in_time(device_id d) const {
  in_time result;
  if (devices_[d.value].up)
    result.heads = startable_.heads(
        d, group(d), [&](const waiting_task& t) { return now_ + prospect_of(t, d).whole(); }, result.all);
  return result;
}

std::size_t engine::state::waiting(std::uint32_t shape) const {
  const auto s = shapes_.find(shape);
  return s == shapes_.end() ? 0 : s->second.waiting.size();
}

bool engine::state::may_line_up(device_id d) const {
  return devices_[d.value].soon && !plans_.any_queued(group(d));
}

time_point engine::state::first_free_beside(device_id d) const {
  auto result = never;
  for (const auto& e : devices_)
    if (const auto at = device_id{static_cast<std::uint32_t>(&e - devices_.data())};
        at != d && e.up && e.job.value == 0)
      result = std::min(result, free_.contains(at) ? now_ : free_at(at));
  return result;
}

void engine::state::expect(const task_state& t) {
  if (!policy_->looks_ahead() || t.what.deadline == never)
    return;
  constexpr std::int64_t weight = 16; // of the past, to one
  auto of =
      std::find_if(traffic_.begin(), traffic_.end(), [&](const model_traffic& x) { return x.model == t.what.model; });
  const auto allowance = std::max(t.what.deadline - now_, duration{});
  if (of == traffic_.end())
    of = traffic_.insert(of, {t.what.model, 0, now_, {}, allowance});
  else
    of->gap = of->gap == duration{} ? now_ - of->last : of->gap + (now_ - of->last - of->gap) / weight;
  of->allowance += (allowance - of->allowance) / weight;
  of->last = now_;
  of->shape = t.shape;
}

std::optional<device_id> engine::state::next_soon(device_id from, duration ahead) const {
  auto result = next_free(from);
  for (auto s = soon_.begin(); s != soon_.end() && s->first <= now_ + ahead; ++s)
    if (s->second >= from && (!result || s->second < *result) && may_line_up(s->second))
      result = s->second;
  return result;
}

std::optional<time_point> engine::state::soon(duration ahead) const {
  for (auto s = soon_.upper_bound({now_ + ahead, no_device}); s != soon_.end(); ++s)
    if (may_line_up(s->second) && startable_.first(s->second, group(s->second)))
      return s->first - ahead;
  return std::nullopt;
}

} // namespace baton::scheduling
