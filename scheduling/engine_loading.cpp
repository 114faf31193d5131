#include <algorithm>
#include <tuple>

#include "scheduling/engine_state.hpp"

/// What models are in which memory, and what brings one back that had to leave.
namespace baton::scheduling {

/// A job may have taken memory for the model from now on, whatever becomes of it.
void engine::state::comes(model_id m, std::uint32_t group) {
  memory_of(group).models.try_emplace(m, residence{now_, now_, false});
}

/// A plan is there: its model's stay is reckoned from the last of them.
void engine::state::settle(const pending_command& done) {
  auto& m = memory_of(done.plan.group);
  auto& r = m.models[done.plan.model];
  auto& loading = m.loading[done.plan.model];
  const auto took = now_ - done.since;
  loading = r.plans++ == 0 ? took : loading + took;
  r.since = now_;
}

/// A device there has a task of it.
void engine::state::serves(model_id m, domain_id there) {
  auto& models = memory_[there.value].models;
  if (const auto r = models.find(m); r != models.end()) {
    r->second.used = now_;
    r->second.served = true;
  }
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
  std::vector<std::uint32_t> evicted;
  for (std::uint32_t g = 0; g < plans_.groups(); ++g) {
    if (in_service_[g] == 0 || (t.pinned != no_device && group(t.pinned) != g))
      continue;
    const auto& p = plans_.at(t.shape, g);
    if (p.what == status::queued || p.what == status::building || (p.what == status::ready && !useless(p, t)))
      return; // there, on its way, or about to leave, which will be told
    if (p.what == status::evicted && !useless(p, t))
      evicted.push_back(g);
  }
  const auto rank = [&](std::uint32_t g) {
    bool idle = false;
    for (auto d = free_.first_from({0}); d && !idle; d = free_.first_from({d->value + 1}))
      idle = group(*d) == g && devices_[d->value].tasks.empty();
    auto coldest = never;
    for (const auto& [id, r] : memory_of(g).models)
      coldest = std::min(coldest, r.used);
    return std::tuple{!idle, coldest == never ? time_point::min() : coldest, g};
  };
  if (!evicted.empty())
    bring_back({*std::min_element(evicted.begin(), evicted.end(),
                                  [&](std::uint32_t a, std::uint32_t b) { return rank(a) < rank(b); }),
                t.what.model, t.what.symbols});
}

/// What waits for the shape, where it is ready, takes so long; only what may be run anywhere. 0: it is ready nowhere.
duration engine::state::wait_for(plan_table::number n, const shape_state& s) const {
  std::int64_t devices = 0;
  for (std::uint32_t g = 0; g < plans_.groups(); ++g)
    if (plans_.at(n, g).what == plan_table::status::ready)
      devices += in_service_[g];
  if (devices == 0)
    return {};
  return s.size
         * std::count_if(s.waiting.begin(), s.waiting.end(),
                         [&](task_id id) { return tasks_.at(id).pinned == no_device; })
         / devices;
}

/// An idle device takes a share of what waits elsewhere, if that takes longer than bringing the model over, twice.
/// Returns whether there is a job.
bool engine::state::fetch() {
  bool any = false;
  for (auto d = free_.first_from({0}); d; d = free_.first_from({d->value + 1})) {
    const auto g = group(*d);
    const auto& m = memory_of(g);
    if (!devices_[d->value].tasks.empty() || plans_.any_queued(g) || !m.lacking.empty() || m.leaving.value != 0
        || m.evicting.value != 0)
      continue;
    std::optional<plan_key> best;
    duration most{};
    for (const auto& [n, s] : shapes_) {
      const auto& p = plans_.at(n, g);
      const auto& first = tasks_.at(*s.waiting.begin());
      if (p.what != plan_table::status::evicted || useless(p, first) || !m.loading.contains(s.model))
        continue;
      const auto wait = wait_for(n, s);
      if (wait <= defaults::waits_per_loading * m.loading_of(s.model) || wait <= most)
        continue;
      most = wait;
      best = {g, s.model, first.what.symbols};
    }
    if (best) {
      bring_back(*best);
      any = true;
    }
  }
  return any;
}

} // namespace baton::scheduling
