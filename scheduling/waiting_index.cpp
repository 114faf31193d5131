#include "scheduling/waiting_index.hpp"

#include <algorithm>

namespace baton::scheduling {

waiting_index::waiting_index(std::shared_ptr<const policy> rule) : rule_(std::move(rule)), groups_(1), waiting_(1) {}

waiting_index::reach waiting_index::reach_of(const std::vector<bool>& groups) {
  if (std::find(groups.begin(), groups.end(), true) == groups.end())
    return nowhere;
  auto known = std::find(groups_.begin(), groups_.end(), groups);
  if (known == groups_.end()) {
    known = groups_.insert(known, groups);
    waiting_.emplace_back();
  }
  return static_cast<reach>(known - groups_.begin());
}

/// The class of such a task, or where it would be.
waiting_index::classes::iterator waiting_index::place(const waiting_task& t, reach r) {
  return std::lower_bound(waiting_[r].begin(), waiting_[r].end(), std::pair{t.pinned, class_of(t)},
                          [](const one_class& c, const auto& of) {
                            return std::tie(c.pinned, c.known_as) < std::tie(of.first, of.second);
                          });
}

void waiting_index::insert(const waiting_task& t, reach r) {
  auto c = place(t, r);
  if (const auto known_as = class_of(t); c == waiting_[r].end() || c->pinned != t.pinned || c->known_as != known_as)
    c = waiting_[r].insert(c, {t.pinned, known_as, t, {}});
  c->tasks.insert(t);
  if (comes_before(t, c->first))
    c->first = t;
  ++size_;
  pinned_ += t.pinned != no_device;
}

void waiting_index::erase(const waiting_task& t, reach r) {
  const auto c = place(t, r);
  c->tasks.erase(t);
  if (c->tasks.empty())
    waiting_[r].erase(c);
  else if (c->first.task == t.task)
    c->first = *c->tasks.begin();
  --size_;
  pinned_ -= t.pinned != no_device;
}

const waiting_task* waiting_index::first(device_id d, std::uint32_t group) const {
  const waiting_task* best = nullptr;
  for (reach r = 1; r < waiting_.size(); ++r)
    if (groups_[r][group])
      for (const auto& c : waiting_[r])
        if (c.may_run_on(d) && (!best || comes_before(c.first, *best)))
          best = &c.first;
  return best;
}

waiting_list waiting_index::heads(device_id d, std::uint32_t group) const {
  bool all = true;
  return heads(d, group, {}, all);
}

waiting_list waiting_index::heads(device_id d, std::uint32_t group,
                                  const std::function<time_point(const waiting_task&)>& soonest, bool& all) const {
  std::vector<std::pair<const task_class*, const waiting_task*>> found;
  std::size_t reaches = 0;
  for (reach r = 1; r < waiting_.size(); ++r) {
    if (!groups_[r][group] || waiting_[r].empty())
      continue;
    ++reaches;
    found.reserve(found.size() + waiting_[r].size());
    for (const auto& c : waiting_[r]) {
      if (!c.may_run_on(d))
        continue;
      const auto when = soonest ? soonest(c.first) : c.first.deadline;
      if (c.first.deadline >= when) {
        found.emplace_back(&c.known_as, &c.first);
        continue;
      }
      all = false;
      if (const auto later = c.tasks.lower_bound({.rank = when.count()}); later != c.tasks.end())
        found.emplace_back(&c.known_as, &*later);
    }
  }
  if (reaches > 1 || pinned_ > 0) { // a class may be there several times
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
      return *a.first != *b.first ? *a.first < *b.first : comes_before(*a.second, *b.second);
    });
    const auto same = [](const auto& a, const auto& b) { return *a.first == *b.first; };
    found.erase(std::unique(found.begin(), found.end(), same), found.end());
  }
  waiting_list result;
  result.reserve(found.size());
  for (const auto& [known_as, t] : found)
    result.push_back(t);
  return result;
}

const waiting_task* waiting_index::first_due(device_id d, std::uint32_t group, std::uint32_t shape,
                                             time_point least) const {
  const waiting_task* best = nullptr;
  for (reach r = 1; r < waiting_.size(); ++r) {
    if (!groups_[r][group])
      continue;
    for (const auto& c : waiting_[r]) {
      if (c.first.shape != shape || !c.may_run_on(d))
        continue;
      const auto first = c.tasks.lower_bound({.rank = least.count()});
      if (first != c.tasks.end() && (!best || comes_before(*first, *best)))
        best = &*first;
    }
  }
  return best;
}

std::vector<waiting_task> waiting_index::alike(const waiting_task& head, std::uint32_t group, std::size_t most,
                                               const std::function<bool(const waiting_task&)>& fits) const {
  constexpr std::size_t looked_at = 4; // times as many
  std::vector<waiting_task> found;
  for (reach r = 1; r < waiting_.size(); ++r) {
    if (!groups_[r][group])
      continue;
    for (const auto& c : waiting_[r]) {
      if (c.first.model != head.model || c.pinned != no_device)
        continue;
      std::size_t looks = 0, of_these = 0;
      for (auto t = c.tasks.lower_bound(head); t != c.tasks.end() && of_these < most && looks < looked_at * most;
           ++t, ++looks)
        if (t->at == head.at && t->values_in == head.values_in && fits(*t)) {
          found.push_back(*t);
          ++of_these;
        }
    }
  }
  std::sort(found.begin(), found.end(), comes_before);
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
  for (reach r = 1; r < waiting_.size(); ++r) {
    if (waiting_[r].empty())
      continue;
    bool everywhere = std::find(groups_[r].begin(), groups_[r].end(), false) == groups_[r].end();
    if (result.first || !everywhere)
      return {false, nullptr};
    for (const auto& c : waiting_[r])
      if (!result.first || comes_before(c.first, *result.first))
        result.first = &c.first;
  }
  return result;
}

} // namespace baton::scheduling
