#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/actors.hpp"
#include "actors/completion_pump.hpp"
#include "actors/context.hpp"
#include "actors/peer_watch.hpp"
#include "actors/stay_clock.hpp"
#include "scheduling/run_queue.hpp"

namespace baton::actors {

/// Owns one device and hosts its run queue: binds memory, submits segments, stores outputs. A device that fails takes
/// its worker with it.
struct worker_state {
  static inline const char* name = "worker";
  explicit worker_state(worker_actor::pointer owner) : self(owner), peers_(owner) {}
  ~worker_state();
  worker_state(const worker_state&) = delete;
  worker_state& operator=(const worker_state&) = delete;

  void start(std::shared_ptr<context> shared, metadata::device_id d, const scheduler_actor& scheduler);
  void on(const scheduling::accept& m);
  void on(const scheduling::job& m);
  void on(const introduction& m);
  void on(const run_next& m);
  void on(const completions_ready& m);
  void on(const scheduling::accepted& m);
  void on(const scheduling::declined& m);
  /// The run queue's own inputs.
  template <class Command>
  void on(const Command& m) {
    queue_->on(m, effects_);
    act();
  }
  void down(const caf::down_msg& m);

  worker_actor::pointer self;
  trace::voice voice;

private:
  /// A task held: its values, and what wrote them last elsewhere.
  struct holding {
    std::shared_ptr<held_values> values;
    gpu::ticket ready;
  };
  /// A segment on the device. It keeps its values, whoever holds the task by now.
  struct issued {
    scheduling::segment what;
    std::shared_ptr<held_values> values;
    std::chrono::steady_clock::time_point given; ///< to the device
    gpu::ticket as;
  };

  void attach();
  expected<std::shared_ptr<held_values>> bind(const scheduling::task& t);
  expected<std::shared_ptr<const gpu::plan>> build(const scheduling::job& m);
  void run(const scheduling::segment& s);
  void poll();
  void settle(const scheduling::segment& s, const gpu::completion& c);
  void note(const issued& s, const gpu::completion& c) const;
  metadata::duration under_way(metadata::task_id t) const;
  void act();
  void perform(scheduling::envelope&& letter);
  bool store_outputs(const scheduling::finished& f);
  void fail_device(const std::string& why);
  metadata::time_point now() const { return self->system().clock().now() - shared_->epoch; }

  std::shared_ptr<context> shared_;
  scheduling::device_facts facts_;
  caf::actor_addr scheduler_;
  peer_watch peers_;
  std::unique_ptr<gpu::device> device_;
  std::unique_ptr<completion_pump> pump_;    ///< of an asynchronous device
  std::unique_ptr<gpu::copy_engine> copier_; ///< in the host domain: outputs are at home here
  std::optional<scheduling::run_queue> queue_;
  std::map<metadata::task_id, holding> held_;
  std::vector<std::deque<issued>> lanes_; ///< segments on the device, by sequence
  stay_clock stays_{&scheduling::phases::queued};
  scheduling::effects effects_;
  std::optional<metadata::task_id> lost_; ///< its outputs could not be stored; while effects are carried out
  bool asked_ = false;                    ///< a `run_next` is in the mailbox
  bool broken_ = false;                   ///< the device failed: nothing more is done or said
};

worker_actor::behavior_type worker(worker_actor::stateful_pointer<worker_state> self, std::shared_ptr<context> shared,
                                   metadata::device_id d, const scheduler_actor& scheduler);

/// With a thread of its own, unless the context says otherwise.
worker_actor spawn_worker(caf::actor_system& system, std::shared_ptr<context> shared, metadata::device_id d,
                          const scheduler_actor& scheduler);

} // namespace baton::actors
