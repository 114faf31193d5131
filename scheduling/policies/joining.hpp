#pragma once

#include <vector>

#include "scheduling/policy.hpp"

namespace baton::scheduling::policies {

/// Tasks that could run as one.
struct together {
  waiting_task first;
  std::vector<task_id> others;
  std::int64_t rows = 0;
  duration takes{};  ///< of a whole run; 0: not known
  duration moving{}; ///< before it, and `result` after it; only where `by` or `ahead` is asked for
  duration result{};
  bool full = false; ///< there is no plan for more rows, or `most` are reached
};

/// `head` and what may join it on `d`: those after it in the policy's order, as many as come to `most` rows at most and
/// end by `by` if they begin on `d` as soon as it is free and what they need is there, as far as that is predicted; and
/// unless it lines up there `ahead` of time, as long as all of it may stand in line.
together gather(const view& v, const waiting_task& head, device_id d, std::int64_t most, time_point by = never,
                bool ahead = false);

inline decision start(const together& t, std::optional<position> until = {}) {
  decision result{t.first.task, std::nullopt};
  result.with = t.others;
  result.until = until;
  return result;
}

} // namespace baton::scheduling::policies
