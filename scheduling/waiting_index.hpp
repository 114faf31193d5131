#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "scheduling/policy.hpp"

namespace baton::scheduling {

/// The tasks that could start now, in the policy's order. Those that may run in the same groups of devices are kept
/// together, by class, so that a task is inserted once and the first for a device is found among a few. A value.
class waiting_index {
public:
  using reach = std::uint32_t; ///< names a set of groups
  static constexpr reach nowhere = 0;

  explicit waiting_index(std::shared_ptr<const policy> rule);

  /// The name of that set of groups.
  reach reach_of(const std::vector<bool>& groups);
  /// @pre `r` is not `nowhere`.
  void insert(const waiting_task& t, reach r);
  /// @pre inserted so.
  void erase(const waiting_task& t, reach r);

  /// The first that may run on `d`, a device of `group`; null if there is none.
  const waiting_task* first(device_id d, std::uint32_t group) const;
  /// The first of each class that may run on `d`, a device of `group`; by rising class.
  waiting_list heads(device_id d, std::uint32_t group) const;
  /// Of a shape, the first of these whose deadline is at `least` or later; null if there is none. @pre the order is
  /// that of deadlines
  const waiting_task* first_due(device_id d, std::uint32_t group, std::uint32_t shape, time_point least) const;
  /// `head` and, of its model, at its position, with values in its domain, those after it that may run on devices of
  /// `group`, and that `fits` says yes to; at most so many. Looks at no more than some that do not fit.
  std::vector<waiting_task> alike(const waiting_task& head, std::uint32_t group, std::size_t most,
                                  const std::function<bool(const waiting_task&)>& fits) const;
  /// The same, passing over those due before `soonest` of their class's first; clears `all` if there are such. @pre the
  /// order is that of deadlines
  waiting_list heads(device_id d, std::uint32_t group, const std::function<time_point(const waiting_task&)>& soonest,
                     bool& all) const;
  /// Whether that is the same task for every device, and which.
  struct common {
    bool same = true;
    const waiting_task* first = nullptr;
  };
  common for_all() const;
  bool empty() const { return size_ == 0; }

private:
  struct order {
    bool operator()(const waiting_task& a, const waiting_task& b) const { return comes_before(a, b); }
  };
  using ordered = std::set<waiting_task, order>;
  /// Shape; where the values are, no_domain: not begun; priority, if that is told apart; position, if tasks may join.
  /// All the same for a policy that does not choose among shapes.
  using task_class = std::tuple<std::uint32_t, domain_id, std::int32_t, position>;
  struct one_class {
    device_id pinned; ///< of its tasks
    task_class known_as;
    waiting_task first; ///< of `tasks`: side by side with those of the other classes, which are all looked at
    ordered tasks;

    bool may_run_on(device_id d) const { return pinned == no_device || pinned == d; }
  };
  using classes = std::vector<one_class>; ///< by rising device and class; none is empty
  task_class class_of(const waiting_task& t) const {
    if (!rule_->chooses_among_shapes())
      return {};
    return {t.shape, t.laid_out_by == no_device ? no_domain : t.values_in,
            rule_->tells_priorities_apart() ? std::clamp(t.priority, -8, 8) : 0,
            rule_->most_rows() > 1 ? t.at : position{}};
  }
  classes::iterator place(const waiting_task& t, reach r);

  std::shared_ptr<const policy> rule_;
  std::vector<std::vector<bool>> groups_; ///< by reach
  std::vector<classes> waiting_;          ///< by reach
  std::size_t size_ = 0, pinned_ = 0;
};

} // namespace baton::scheduling
