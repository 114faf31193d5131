#pragma once

#include "scheduling/policy.hpp"

namespace baton::scheduling::policies {

/// A policy that gives a waiting task to a device with a free lane, and never takes one back.
class assigning : public policy {
public:
  /// What `d` is to run next, of the tasks that wait; nothing: none may run there.
  virtual std::optional<waiting_task> pick(const view& v, device_id d) const { return v.first_waiting(d); }

  std::optional<decision> decide(const view& v, device_id d) const final {
    if (!v.has_free_lane(d))
      return std::nullopt;
    const auto t = pick(v, d);
    return t ? std::optional{decision{t->task, std::nullopt}} : std::nullopt;
  }
  std::optional<device_id> next(const view& v, device_id from) const final {
    return v.any_startable() ? v.next_free(from) : std::nullopt;
  }
};

/// That of the least `score`; the earlier arrival of equals. Nothing of none.
template <class Score>
std::optional<waiting_task> least(const waiting_list& heads, Score score) {
  const waiting_task* best = nullptr;
  duration best_score{};
  for (const auto& t : heads) {
    const duration s = score(t);
    if (!best || s < best_score || (s == best_score && t.arrival < best->arrival)) {
      best = &t;
      best_score = s;
    }
  }
  return best ? std::optional{*best} : std::nullopt;
}

/// The same, of those that may start on `d` now.
template <class Score>
std::optional<waiting_task> least(const view& v, waiting_list heads, device_id d, Score score) {
  heads.erase_if([&](const waiting_task& t) { return !v.fits(t.shape, d); });
  return least(heads, score);
}

} // namespace baton::scheduling::policies
