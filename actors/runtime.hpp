#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "actors/done_queue.hpp"
#include "gpu/device.hpp"
#include "metadata/model.hpp"
#include "scheduling/engine.hpp"
#include "scheduling/protocol.hpp"

namespace baton::actors {

struct runtime_options {
  std::vector<gpu::device_spec> devices;
  gpu::machine_options machine;
  std::string policy = "priority";
  metadata::duration quantum = scheduling::defaults::quantum;
  metadata::duration backlog = scheduling::defaults::backlog; ///< predicted work that may stand in line at a device
  std::filesystem::path engine_log;                           ///< empty: none is written
  std::uint64_t engine_log_limit = std::uint64_t{1} << 30;    ///< bytes; then it ends in a marker
  std::filesystem::path trace;                                ///< empty: messages leave no trace; see `trace/entry.hpp`
  std::uint64_t trace_limit = std::uint64_t{256} << 20;       ///< bytes; likewise
  std::size_t max_open_requests = 1024;                       ///< results not yet popped count as well
  std::size_t max_open_bytes = std::size_t{1} << 30;          ///< of the inputs of open requests together
  /// Told once, with the reason, when controller, scheduler or a transfer dies: the process should end, non-zero.
  /// Called on the dying actor's thread: must not block nor touch the runtime.
  std::function<void(std::string)> on_vital_death;
};

/// A request for inference, from a front end.
struct request {
  metadata::model_id model;             ///< as `add_model` gave it
  std::vector<metadata::tensor> inputs; ///< in the model's input order
  std::int32_t priority = 0;            ///< higher runs first
  std::optional<metadata::duration> timeout;
  metadata::device_id pinned = metadata::no_device;
  std::vector<scheduling::steering> steps;
};

/// Monotone, across restarts of the worker too, but for `held`.
struct device_counters {
  metadata::duration busy{}; ///< device time
  std::uint64_t segments = 0;
  std::size_t held = 0;    ///< tasks with the device's worker now
  std::uint32_t lanes = 1; ///< of them may compute at once
};

struct runtime_counters {
  scheduling::engine_counters engine;
  std::size_t open_requests = 0;
  std::size_t waiting_tasks = 0;         ///< open requests whose task waits for a device
  std::vector<device_counters> devices;  ///< as in `devices()`
  std::vector<gpu::memory_usage> memory; ///< per domain
};

/// The whole actor system in this process: controller, scheduler, a worker per device, a transfer per domain. No
/// actor-framework type shows here. Thread-safe unless said otherwise.
class runtime {
public:
  /// Errors: `bad_argument` (devices, policy), `io` (engine log), `device_failed`.
  static expected<std::unique_ptr<runtime>> start(runtime_options options);
  /// Ends what is open with `unavailable`, stops all actors, joins all threads.
  ~runtime();

  /// Makes `m` known and builds its plans for `warm` shapes on every device kind, as jobs between the segments of what
  /// runs; blocks until ready. Its name may be there already: versions of a model share one.
  /// Errors: those of building, naming the layer; `bad_argument` if a shape does not fit; `deadline_exceeded`. After an
  /// error nothing of it stays.
  expected<metadata::model_id> add_model(std::shared_ptr<const metadata::model> m,
                                         std::vector<metadata::symbol_values> warm, std::chrono::milliseconds timeout);
  /// No new requests for the model; those open end normally, or, where they are not done after `timeout`, as
  /// `unavailable`. Then its plans and weights are freed in every domain; blocks until they are.
  /// Errors: `not_found`; `deadline_exceeded` if a device is still busy with it: it goes when that is done.
  expected<void> remove_model(metadata::model_id id, std::chrono::milliseconds timeout);
  /// `add_model` and `remove_model` wait no longer, now and later, and say `unavailable`: the process is to end.
  void stop_waiting();
  /// Null if it may not be asked for.
  std::shared_ptr<const metadata::model> find_model(metadata::model_id id) const;

  /// Checks the request against the model and hands it to the controller; the end comes through `results()`, exactly
  /// once. Errors, at once and with nothing submitted: `not_found`, `bad_request` naming the input, `overloaded`,
  /// `unavailable`.
  expected<metadata::request_id> submit(request r);
  void cancel(metadata::request_id id);
  done_queue& results();

  /// No new requests; true when every open one has ended within `timeout`.
  bool drain(std::chrono::milliseconds timeout);
  /// False when a vital actor died or no device serves.
  bool healthy() const;

  std::span<const gpu::device_description> devices() const;
  /// As in `runtime_counters::memory`.
  std::vector<gpu::domain_description> domains() const;
  runtime_counters counters() const;

  /// Kills the device's worker as a crash would; it is restarted. For tests of recovery.
  void crash_worker(metadata::device_id d);

private:
  struct impl;
  explicit runtime(std::unique_ptr<impl> i);
  std::unique_ptr<impl> impl_;
};

} // namespace baton::actors
