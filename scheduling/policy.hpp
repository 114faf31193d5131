#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "scheduling/cluster.hpp"
#include "scheduling/task.hpp"

namespace baton::scheduling {

/// A waiting task as a policy sees it: it could start now, if a device were free.
struct waiting_task {
  task_id task;
  std::int32_t priority = 0;
  std::uint64_t arrival = 0;       ///< order of the request's arrival, kept over preemptions and attempts
  device_id pinned = no_device;    ///< must run here
  domain_id values_in = no_domain; ///< no_domain: not started, inputs in the host domain
  device_id laid_out_by = no_device;
  time_point deadline = never;
  std::uint32_t shape = 0; ///< tasks of one model at one shape have the same
  duration size{};         ///< of a whole run, mean of all devices for which it is known
  model_id model{};
  std::int64_t rows = 1;
  position at{};         ///< where it goes on
  time_point since{};    ///< it waits since then
  std::int64_t rank = 0; ///< by `policy::rank`
  bool joins = false; ///< may become one task with others: no step is asked of it, no device, and it is a first attempt
};
/// The policy's order, then that of arrival.
inline bool comes_before(const waiting_task& a, const waiting_task& b) {
  return std::tie(a.rank, a.arrival, a.task) < std::tie(b.rank, b.arrival, b.task);
}

/// Some of the tasks that wait, as the engine has them: to be used up before anything changes, so within one call of a
/// policy. In an order of their own.
class waiting_list {
public:
  class iterator {
  public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = waiting_task;
    using difference_type = std::ptrdiff_t;
    using pointer = const waiting_task*;
    using reference = const waiting_task&;

    iterator() = default;
    explicit iterator(std::vector<const waiting_task*>::const_iterator at) : at_(at) {}
    reference operator*() const { return **at_; }
    pointer operator->() const { return *at_; }
    iterator& operator++() {
      ++at_;
      return *this;
    }
    iterator operator++(int) { return iterator(at_++); }
    friend bool operator==(const iterator&, const iterator&) = default;

  private:
    friend class waiting_list;
    std::vector<const waiting_task*>::const_iterator at_;
  };
  using const_iterator = iterator;
  using value_type = waiting_task;

  iterator begin() const { return iterator(tasks_.begin()); }
  iterator end() const { return iterator(tasks_.end()); }
  bool empty() const { return tasks_.empty(); }
  std::size_t size() const { return tasks_.size(); }
  void reserve(std::size_t n) { tasks_.reserve(n); }
  void push_back(const waiting_task* t) { tasks_.push_back(t); }
  void erase(iterator which) { tasks_.erase(which.at_); }
  template <class Which>
  void erase_if(Which which) {
    std::erase_if(tasks_, [&](const waiting_task* t) { return which(*t); });
  }
  template <class Less>
  void sort(Less less) {
    std::sort(tasks_.begin(), tasks_.end(), [&](const auto* a, const auto* b) { return less(*a, *b); });
  }

private:
  std::vector<const waiting_task*> tasks_;
};

/// A device with what runs on it.
struct running_task {
  task_id task;
  device_id device;
  std::int32_t priority = 0;
  std::uint64_t arrival = 0;
  bool commandable = true; ///< no command of it is pending
  bool leaving = false;    ///< preempted: its lane is spoken for
  std::uint32_t shape = 0;
  model_id model{};
  std::int64_t rows = 1;
  time_point deadline = never;
  time_point given{}; ///< when the device was chosen for it
  friend bool operator==(const running_task&, const running_task&) = default;
};

/// Whether `a` should be taken off its device sooner than `b`: lower priority, then later arrival.
inline bool gives_way(const running_task& a, const running_task& b) {
  if (a.priority != b.priority)
    return a.priority < b.priority;
  return a.arrival != b.arrival ? a.arrival > b.arrival : a.task < b.task;
}

/// What is predicted of a task if it is given to a device now.
struct prospect {
  duration issued{}; ///< until the device that it runs on now gives it back
  duration moving{}; ///< then, bringing over its inputs or values
  duration work{};   ///< then, beside what runs there; of a task that the device has: until it ends
  duration result{}; ///< then, bringing what it has computed to the host

  /// The device's part.
  duration alone() const { return issued + moving + work; }
  duration whole() const { return alone() + result; }
};

/// How requests of a model with a deadline came so far: means that forget, the last ones count most.
struct model_traffic {
  model_id model{};
  std::uint32_t shape = 0; ///< of the last one
  time_point last{};
  duration gap{};       ///< between one and the next; 0: there was only one
  duration allowance{}; ///< from arrival to deadline
};

/// Read-only view of the engine's state. Iteration order is fixed.
class view {
public:
  virtual ~view() = default;
  virtual const cluster& devices() const = 0;
  /// Whether its worker is there: what is not up runs nothing, whatever else is said of it.
  virtual bool is_up(device_id d) const = 0;
  /// The first waiting task in the policy's order, among those that may run on `d`.
  virtual std::optional<waiting_task> first_waiting(device_id d) const = 0;
  /// `d` takes a task: a lane of it is free and its worker is up; or, where no device has a free lane, it has the least
  /// to do of all and the task would stand in line there for a short time only (`engine::config::backlog`).
  virtual bool has_free_lane(device_id d) const = 0;
  /// Whether a task may start there now: any where a lane is free; where it would stand in line, one short enough. What
  /// `first_waiting` gives is. @pre has_free_lane(d)
  virtual bool fits(std::uint32_t shape, device_id d) const = 0;
  /// The same of a task that takes so long there; 0: it is not known.
  virtual bool has_room(duration takes, device_id d) const = 0;
  /// The first waiting task of each class, in that order too, among those that may run on `d`. A class is what waits of
  /// one shape with its values in one domain, or not begun. Only for a policy that `chooses_among_shapes`.
  virtual waiting_list heads(device_id d) const = 0;
  /// Of that shape, the first that may run on `d` and whose deadline is at `least` or later. Only for a policy that
  /// `chooses_among_shapes` and whose `rank` is the deadline.
  virtual std::optional<waiting_task> first_due(device_id d, std::uint32_t shape, time_point least) const = 0;
  /// Of a whole run; 0: not known.
  virtual duration predicted(std::uint32_t shape, device_id d) const = 0;
  /// `head`, a waiting task that `joins`, and up to `most - 1` others that may become one task with it and run on `d`:
  /// of its model, at its position, with values where it has its own. `head`, then those after it in the policy's
  /// order. Only for a policy that `chooses_among_shapes`.
  virtual std::vector<waiting_task> alike(const waiting_task& head, device_id d, std::size_t most) const = 0;
  /// Of a whole run of a task as `t`, but of so many rows; 0: `d` has no plan for as many, or it is not known.
  virtual duration predicted_together(const waiting_task& t, std::int64_t rows, device_id d) const = 0;
  /// The first layer at or behind `layer` that is a cell: of what waits there, begun and with values in one domain, any
  /// parts may become one task, which comes back where the most advanced of them have done the layer. Those are a task
  /// of their own then. Nothing: there is none.
  virtual std::optional<cell_layer> next_cell(model_id m, std::uint32_t layer) const = 0;
  /// Whether no device takes less time for all models together.
  virtual bool is_fastest(device_id d) const = 0;
  virtual std::vector<running_task> running(device_id d) const = 0;

  /// Of each class the first that can still end before its deadline on `d`, as far as is known. Only for a policy whose
  /// `rank` is the deadline.
  struct in_time {
    waiting_list heads;
    bool all = true; ///< nothing is passed over
  };
  virtual in_time heads_in_time(device_id d) const = 0;

  // What is predicted, from the profiles and links that the engine was told of; 0 where it was not. Only for a policy
  // that `looks_ahead`. Tasks on several lanes of a device slow each other by what their plans say that layers use: on
  // the mean of what is left of each, and as if what runs now went on beside them until they end.
  virtual time_point now() const = 0;
  /// When a lane of `d` becomes free by all that it was given; `now` if one is.
  virtual time_point free_at(device_id d) const = 0;
  /// Of a task that a device has.
  virtual prospect prospect_of(task_id t, device_id d) const = 0;
  /// Of one that waits.
  virtual prospect prospect_of(const waiting_task& t, device_id d) const = 0;
  /// When the first of the others becomes free, of those that are up and build no plan; `never`: there are none.
  virtual time_point first_free_beside(device_id d) const = 0;
  virtual const std::vector<model_traffic>& traffic() const = 0;
  /// Tasks of the shape that wait.
  virtual std::size_t waiting(std::uint32_t shape) const = 0;
  /// Whether a task could be given to `d` ahead of time, so that its inputs are there when a lane becomes free: all
  /// lanes are taken, nobody stands in line yet, no plan waits to be built.
  virtual bool may_line_up(device_id d) const = 0;
  /// How many times as long as alone, per mille, all takes that runs on lanes of `d`, and `with`, a waiting task, if it
  /// began there too. 1000: they do not slow each other, or it is not known what they use.
  virtual std::uint32_t slowdown(device_id d, std::optional<task_id> with) const = 0;

  // What spares a policy the walk over all devices.
  /// The first device at or after `from` where a lane is free, or becomes free within `ahead` and that `may_line_up`.
  virtual std::optional<device_id> next_soon(device_id from, duration ahead) const = 0;
  /// When the next one comes to be that, and something waits that may run there; nothing: none will.
  virtual std::optional<time_point> soon(duration ahead) const = 0;
  /// The first device at or after `from` that has a free lane in that sense.
  virtual std::optional<device_id> next_free(device_id from) const = 0;
  /// The first device at or after `from` with more tasks that stay than lanes, unless they are a short line.
  virtual std::optional<device_id> next_crowded(device_id from) const = 0;
  /// Whether any waiting task may start somewhere, lanes apart.
  virtual bool any_startable() const = 0;
  /// Whether `first_waiting` is the same for every device that is up, and then that task.
  struct common {
    bool same = true;
    std::optional<waiting_task> first;
  };
  virtual common common_first() const = 0;
  /// Of the commandable tasks on devices that are up, the one that `gives_way` to all others.
  virtual std::optional<running_task> least_urgent() const = 0;
};

/// A decision for one device: at least one of these. Nothing: leave it as it is.
struct decision {
  std::optional<task_id> start;     ///< a waiting task to give to the device
  std::optional<task_id> preempted; ///< a running task to take back first; of another device: only that, nothing starts
  std::optional<task_id> give_up{}; ///< a waiting task, of any device, that ends now: its deadline cannot be met
  /// What becomes one task with `start`: all `alike`, or in one cell, and the device has a plan for their rows
  /// together.
  std::vector<task_id> with{};
  std::optional<position> until{}; ///< where what starts is to come back, to wait for others
};

/// When and where tasks run. Stateless but for its options; one small file each, registered in policy.cpp.
class policy {
public:
  virtual ~policy() = default;
  virtual std::string_view name() const = 0;
  /// Waiting tasks are in the order of rising ranks; of equal ones the earlier arrival first.
  virtual std::int64_t rank(const waiting_task& /*t*/) const { return 0; }
  /// Whether it asks for `view::heads`.
  virtual bool chooses_among_shapes() const { return false; }
  /// The most rows that it makes one task of several requests of; 1: it never does. No live device runs these yet.
  virtual std::int64_t most_rows() const { return 1; }
  /// Whether classes are of one priority too (-8 to 8, others count as these).
  virtual bool tells_priorities_apart() const { return false; }
  /// Whether it asks for what is predicted.
  virtual bool looks_ahead() const { return false; }
  /// When it wants to be asked again though nothing happens; called after each event, once there is nothing to decide.
  virtual std::optional<time_point> ask_again(const view& /*v*/) const { return std::nullopt; }
  /// Called for each device after each event, until it returns nothing.
  virtual std::optional<decision> decide(const view& v, device_id d) const = 0;
  /// The first device at or after `from` for which `decide` may have something to say. A policy that can tell without
  /// asking for each of them says so here.
  virtual std::optional<device_id> next(const view& v, device_id from) const {
    return v.devices().has(from) ? std::optional{from} : std::nullopt;
  }
};

/// A name, or NAME:OPTIONS with what its maker says. Errors: null for an unknown name, or options that make no sense.
std::unique_ptr<policy> make_policy(std::string_view name);
/// Of those that come with Baton. A colon stands before an objective; without, it is the first of them.
std::vector<std::string_view> policy_names();
/// Makes a policy of somebody's own known to `make_policy`, for as long as the process lives. To be called before any
/// engine is made.
void add_policy(std::string name, std::function<std::unique_ptr<policy>()> make);

} // namespace baton::scheduling
