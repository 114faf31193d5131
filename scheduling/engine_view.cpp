#include <algorithm>

#include "scheduling/engine_state.hpp"

/// What policies see of waiting tasks, devices and what runs there.
namespace baton::scheduling {

waiting_task engine::state::waiting_form(const task_state& t) const {
  waiting_task w{.task = t.what.id,
                 .priority = t.what.priority,
                 .arrival = t.arrival,
                 .pinned = t.pinned,
                 .values_in = t.values_in,
                 .laid_out_by = t.laid_out_by,
                 .deadline = t.what.deadline,
                 .shape = t.shape,
                 .size = shapes_.at(t.shape).size,
                 .model = t.what.model,
                 .rows = rows_of(t.what),
                 .at = t.what.at,
                 .since = t.waiting_since,
                 .joins = joins(t)};
  w.rank = policy_->rank(w);
  return w;
}

running_task engine::state::running_form(const task_state& t) const {
  return {t.what.id, t.device,     t.what.priority, t.arrival,       commandable(t), t.leaving,
          t.shape,   t.what.model, rows_of(t.what), t.what.deadline, t.given};
}

std::optional<waiting_task> engine::state::first_waiting(device_id d) const {
  const auto* first = devices_[d.value].up ? startable_.first(d, group(d)) : nullptr;
  return first ? std::optional{*first} : std::nullopt;
}

waiting_list engine::state::heads(device_id d) const {
  return devices_[d.value].up ? startable_.heads(d, group(d)) : waiting_list{};
}

std::optional<cell_layer> engine::state::next_cell(model_id id, std::uint32_t layer) const {
  const auto m = models_.find(id);
  if (m == models_.end())
    return std::nullopt;
  const auto& cells = m->second.cells;
  const auto c = std::lower_bound(cells.begin(), cells.end(), layer,
                                  [](const cell_layer& x, std::uint32_t least) { return x.layer < least; });
  return c == cells.end() ? std::nullopt : std::optional{*c};
}

bool engine::state::is_fastest(device_id d) const {
  return work_[group(d)] == *std::min_element(work_.begin(), work_.end());
}

bool engine::state::has_free_lane(device_id d) const {
  return free_.empty() ? place_in_line() == d : free_.contains(d);
}

std::optional<device_id> engine::state::next_free(device_id from) const {
  if (!free_.empty())
    return free_.first_from(from);
  auto d = place_in_line();
  return d && *d >= from ? d : std::nullopt;
}

/// Where no lane is free: the device with the least to do, if the next task for it fits in its backlog.
std::optional<device_id> engine::state::place_in_line() const {
  if (in_line_.empty())
    return std::nullopt;
  const auto d = in_line_.begin()->second;
  const auto* first = startable_.first(d, group(d));
  if (!first || plans_.any_queued(group(d)))
    return std::nullopt; // a job needs the device empty
  return fits(first->shape, d) ? std::optional{d} : std::nullopt;
}

engine::state::common engine::state::common_first() const {
  auto all = startable_.for_all();
  return {all.same, all.first ? std::optional{*all.first} : std::nullopt};
}

std::optional<running_task> engine::state::least_urgent() const {
  if (!crowd_) {
    crowd_.emplace();
    for (const auto& [id, t] : tasks_)
      if ((t.in_crowd = in_crowd(t)))
        crowd_->insert(*t.in_crowd);
  }
  return crowd_->empty() ? std::nullopt : std::optional{*crowd_->begin()};
}

std::vector<running_task> engine::state::running(device_id d) const {
  std::vector<running_task> result;
  for (auto id : devices_[d.value].tasks)
    result.push_back(running_form(tasks_.at(id)));
  return result;
}

bool engine::state::any_in_service() const {
  return std::any_of(devices_.begin(), devices_.end(), [](const device_state& d) { return d.in_service; });
}

} // namespace baton::scheduling
