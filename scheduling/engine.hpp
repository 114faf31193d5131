#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "scheduling/cluster.hpp"
#include "scheduling/defaults.hpp"
#include "scheduling/policy.hpp"
#include "scheduling/protocol.hpp"

namespace baton::scheduling {

// -- events of the engine that no other actor sends as a message
// -------------------------------------------------------

/// A model may be asked for; nothing is loaded yet. `warm`: shapes to build in every domain before it counts as ready.
/// `rows`: the symbol that counts rows, if tasks of the model may be joined to one of more rows.
struct model_added {
  static constexpr std::uint32_t no_symbol = UINT32_MAX;
  model_id model;
  std::vector<std::vector<std::int64_t>> warm;
  std::uint32_t rows = no_symbol;
  /// Bytes of the live set at the start of each layer, of one row; first that of the inputs. Empty: not known.
  std::vector<std::uint64_t> live_bytes{};
  /// Its recurrent layers, rising, as far as tasks at different steps of them may become one. Not the last layer: where
  /// that is done a task has a result, and none of it can go on. Only with `rows`.
  std::vector<cell_layer> cells{};
};
/// The model may not be asked for any more: what is open of it ends, as `unavailable`, and once nothing of it is left,
/// no task and no job, `forget_model` follows. Its id never comes back.
struct model_removed {
  model_id model;
};
struct worker_up {
  device_id device;
};
/// Seen after everything the worker had sent.
struct worker_down {
  device_id device;
};
/// The time asked for with `wake_at` has come.
struct tick {};
/// No new attempts; what runs may end.
struct drain {};

using event = std::variant<start_attempt, cancel_request, answer, finished, failed, values_lost, job_done, model_added,
                           worker_up, worker_down, tick, drain, model_removed>;

// -- actions that are not messages
// -------------------------------------------------------------------------------------

/// The task has ended: every domain may free its values.
struct forget {
  task_id task;
};
/// Spawn the device's worker again; answered by `worker_up`.
struct restart {
  device_id device;
};
struct wake_at {
  time_point when;
};
/// Every warm shape of the model is built everywhere (failure none), or could not be.
struct model_ready {
  model_id model;
  errc failure = errc::none;
  std::string message;
};

/// Nothing of the model is left to run: every domain may free its weights and plans. The last that is said of it.
struct forget_model {
  model_id model;
};

using action = std::variant<envelope, forget, restart, wake_at, model_ready, forget_model>;
using actions = std::vector<action>;

template <class I>
auto inspect(I& f, model_added& x) {
  return f(x.model, x.warm, x.rows, x.live_bytes, x.cells);
}
template <class I>
auto inspect(I& f, model_removed& x) {
  return f(x.model);
}
template <class I>
auto inspect(I& f, worker_up& x) {
  return f(x.device);
}
template <class I>
auto inspect(I& f, worker_down& x) {
  return f(x.device);
}
template <class I>
auto inspect(I& f, forget& x) {
  return f(x.task);
}
template <class I>
auto inspect(I& f, restart& x) {
  return f(x.device);
}
template <class I>
auto inspect(I& f, wake_at& x) {
  return f(x.when);
}
template <class I>
auto inspect(I& f, model_ready& x) {
  return f(x.model, x.failure, x.message);
}
template <class I>
auto inspect(I& f, forget_model& x) {
  return f(x.model);
}

/// Counters for reports. Monotone.
struct engine_counters {
  std::uint64_t attempts = 0, finished = 0, cancelled = 0, lost = 0, rejected = 0;
  std::uint64_t preemptions = 0; ///< preempt answered `applied`
  std::uint64_t moves = 0;       ///< a started task continued on another device
  std::uint64_t refused = 0, restarts = 0;
  std::uint64_t joined = 0;    ///< tasks that became part of another
  std::uint64_t split = 0;     ///< tasks that were part of another until then
  std::uint64_t evictions = 0; ///< models that had to leave a domain for others
};

/// Decides when and where. Deterministic: the same events with the same `now`s give the same actions, bit for bit.
/// Thread: its owner's. Time: an argument.
class engine {
public:
  struct config {
    std::shared_ptr<const cluster> devices;
    std::string policy = "fifo"; ///< see `policy_names()`
    std::size_t waiting_limit = defaults::waiting_tasks;
    /// When no lane is free, a task may be given to a device to stand in line there, while the predicted work of all
    /// that the device has stays within this. 0: never.
    duration backlog = defaults::backlog;
  };

  /// Errors: `bad_argument` for an unknown policy, listing those there are.
  static expected<engine> make(config c);

  /// Appends to `out` what is to be done, in order. `now` must not go backwards.
  void handle(const event& e, time_point now, actions& out);

  const engine_counters& counters() const;
  /// Tasks not yet ended, wherever they are.
  std::size_t open_tasks() const;
  /// Of these, those that wait for a device.
  std::size_t waiting_tasks() const;
  /// Commands not yet answered.
  std::size_t pending_commands() const;
  struct open_task {
    task_id id;
    device_id device; ///< whom it was given to; no_device: it waits at the engine
  };
  std::vector<open_task> tasks() const;
  /// Of one task, by its policy (`policy::most_rows`).
  std::int64_t most_rows() const;
  /// For model checking: everything that decides its future behaviour.
  std::string describe() const;

private:
  struct state;
  explicit engine(std::shared_ptr<state> s) : state_(std::move(s)) {}
  std::shared_ptr<state> state_;

public:
  engine clone() const; ///< an independent copy (a plain copy shares state)
};

} // namespace baton::scheduling
