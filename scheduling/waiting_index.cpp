#include "scheduling/waiting_index.hpp"

#include <algorithm>

namespace baton::scheduling {

waiting_index::waiting_index(std::size_t devices, std::shared_ptr<const policy> rule)
    : devices_(devices), rule_(std::move(rule)), order_{rule_.get()}, groups_(1),
      buckets_(1, bucket{ordered{order_}, {}, {}}) {}

waiting_index::reach waiting_index::reach_of(const std::vector<bool>& groups) {
  if (std::find(groups.begin(), groups.end(), true) == groups.end())
    return nowhere;
  auto known = std::find(groups_.begin(), groups_.end(), groups);
  if (known == groups_.end()) {
    known = groups_.insert(known, groups);
    buckets_.push_back({ordered{order_}, {}, {}});
  }
  return static_cast<reach>(known - groups_.begin());
}

waiting_index::ordered& waiting_index::place(const waiting_task& t, reach r) {
  auto& b = buckets_[r];
  if (t.pinned == no_device)
    return b.tasks;
  if (b.pinned.empty())
    b.pinned.resize(devices_, ordered{order_});
  return b.pinned[t.pinned.value];
}

void waiting_index::insert(const waiting_task& t, reach r) {
  place(t, r).insert(t);
  if (rule_->chooses_among_shapes())
    buckets_[r].by_class.try_emplace(class_of(t), order_).first->second.insert(t);
  ++size_;
  pinned_ += t.pinned != no_device;
}

void waiting_index::erase(const waiting_task& t, reach r) {
  place(t, r).erase(t);
  if (auto& classes = buckets_[r].by_class; !classes.empty()) {
    const auto of = classes.find(class_of(t));
    of->second.erase(t);
    if (of->second.empty())
      classes.erase(of);
  }
  --size_;
  pinned_ -= t.pinned != no_device;
}

const waiting_task* waiting_index::first(device_id d, std::uint32_t group) const {
  const waiting_task* best = nullptr;
  auto consider = [&](const ordered& tasks) {
    if (!tasks.empty() && (!best || order_(*tasks.begin(), *best)))
      best = &*tasks.begin();
  };
  for (reach r = 1; r < buckets_.size(); ++r) {
    if (!groups_[r][group])
      continue;
    consider(buckets_[r].tasks);
    if (pinned_ > 0 && !buckets_[r].pinned.empty())
      consider(buckets_[r].pinned[d.value]);
  }
  return best;
}

std::vector<waiting_task> waiting_index::heads(device_id d, std::uint32_t group) const {
  return heads(d, group, {});
}

std::vector<waiting_task> waiting_index::heads(device_id d, std::uint32_t group,
                                               const std::function<time_point(const waiting_task&)>& soonest) const {
  std::map<task_class, const waiting_task*> best;
  for (reach r = 1; r < buckets_.size(); ++r)
    if (groups_[r][group])
      for (const auto& [known_as, tasks] : buckets_[r].by_class) {
        const auto first =
            std::find_if(soonest ? tasks.lower_bound({.deadline = soonest(*tasks.begin())}) : tasks.begin(),
                         tasks.end(), [d](const auto& t) { return t.pinned == no_device || t.pinned == d; });
        if (first == tasks.end())
          continue;
        auto& known = best[known_as];
        if (!known || order_(*first, *known))
          known = &*first;
      }
  std::vector<waiting_task> result;
  result.reserve(best.size());
  for (const auto& [known_as, t] : best)
    result.push_back(*t);
  return result;
}

const waiting_task* waiting_index::first_due(device_id d, std::uint32_t group, std::uint32_t shape,
                                             time_point least) const {
  const waiting_task* best = nullptr;
  waiting_task probe;
  probe.deadline = least;
  for (reach r = 1; r < buckets_.size(); ++r) {
    if (!groups_[r][group])
      continue;
    for (const auto& [known_as, tasks] : buckets_[r].by_class) {
      if (tasks.begin()->shape != shape)
        continue;
      const auto first = std::find_if(tasks.lower_bound(probe), tasks.end(),
                                      [d](const auto& t) { return t.pinned == no_device || t.pinned == d; });
      if (first != tasks.end() && (!best || order_(*first, *best)))
        best = &*first;
    }
  }
  return best;
}

std::vector<waiting_task> waiting_index::alike(const waiting_task& head, std::uint32_t group, std::size_t most,
                                               const std::function<bool(const waiting_task&)>& fits) const {
  constexpr std::size_t looked_at = 4; // times as many
  std::vector<waiting_task> found;
  for (reach r = 1; r < buckets_.size(); ++r) {
    if (!groups_[r][group])
      continue;
    for (const auto& [known_as, tasks] : buckets_[r].by_class) {
      if (tasks.begin()->model != head.model)
        continue;
      std::size_t looks = 0, of_these = 0;
      for (auto t = tasks.begin(); t != tasks.end() && of_these < most && looks < looked_at * most; ++t, ++looks)
        if (t->pinned == no_device && t->at == head.at && t->values_in == head.values_in && fits(*t)) {
          found.push_back(*t);
          ++of_these;
        }
    }
  }
  std::sort(found.begin(), found.end(), order_);
  if (found.size() > most)
    found.resize(most);
  return found;
}

waiting_index::common waiting_index::for_all() const {
  if (size_ == 0)
    return {};
  if (pinned_ > 0)
    return {false, nullptr};
  common result;
  for (reach r = 1; r < buckets_.size(); ++r) {
    if (buckets_[r].tasks.empty())
      continue;
    bool everywhere = std::find(groups_[r].begin(), groups_[r].end(), false) == groups_[r].end();
    if (result.first || !everywhere)
      return {false, nullptr};
    result.first = &*buckets_[r].tasks.begin();
  }
  return result;
}

} // namespace baton::scheduling
