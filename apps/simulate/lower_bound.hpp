#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "metadata/error.hpp"
#include "metadata/ids.hpp"

namespace baton::apps::simulate {

using metadata::duration;
using metadata::time_point;

/// Requests of models on devices that take different times for them.
struct bound_problem {
  std::vector<std::vector<duration>> takes; ///< [model][device], of a whole run; above 0
  struct job {
    std::uint32_t model = 0;
    time_point release{}; ///< nothing of it runs before
  };
  std::vector<job> jobs;
};

/// A time before which no schedule ends the last job, also not one that knows all jobs beforehand, preempts at any
/// moment and moves without cost. Least makespan with preemption on unrelated machines by a linear program, extended by
/// an interval between any two releases: Lawler and Labetoulle, JACM 25(4), 1978, section 4. It is exact for the last
/// `apart` jobs alone; of the others, which matter little once they are done, those of one model are taken together:
/// what is done of them by a moment is no more than what has been released, and one job may be on two devices at once
/// as long as there are more of the model. More than `most_intervals` releases of them are moved to earlier ones. Both
/// only lower it. 0 for no jobs. Errors: `bad_argument`: a time is not above 0; `internal`: the solver gave up.
expected<time_point> makespan_bound(bound_problem p, std::size_t apart = 24);

} // namespace baton::apps::simulate
