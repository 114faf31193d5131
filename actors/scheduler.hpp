#pragma once

#include <map>
#include <memory>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/actors.hpp"
#include "actors/context.hpp"
#include "actors/engine_log_writer.hpp"

namespace baton::actors {

/// Hosts the engine: turns messages into events and actions into messages, and does nothing else but keep the workers
/// spawned and everybody introduced.
struct scheduler_state {
  static inline const char* name = "scheduler";
  explicit scheduler_state(scheduler_actor::pointer owner) : self(owner) {}

  void start(std::shared_ptr<context> shared, const scheduling::engine& decisions,
             std::shared_ptr<engine_log_writer> log);
  /// An input of the engine.
  template <class Event>
  void on(const Event& e) {
    decide(e);
  }
  void on(const scheduling::worker_up& e);
  void on(const stop_admitting&) { decide(scheduling::drain{}); }
  void on(const wake& m);
  void on(const introduction& m);
  void on(const crash& m);
  void down(const caf::down_msg& m);

  scheduler_actor::pointer self;
  trace::voice voice{scheduling::the_scheduler};

private:
  void decide(const scheduling::event& e);
  void perform(scheduling::envelope&& letter);
  void perform(const scheduling::forget& f);
  void perform(const scheduling::restart& r);
  void perform(const scheduling::wake_at& w);
  void perform(const scheduling::model_ready& r);
  void perform(const scheduling::forget_model& f);
  worker_actor spawn_watched(metadata::device_id d);
  void introduce(const directory& changed, metadata::device_id replaced);

  std::shared_ptr<context> shared_;
  std::optional<scheduling::engine> engine_;
  std::shared_ptr<engine_log_writer> log_;
  std::shared_ptr<const directory> peers_;
  std::map<caf::actor_addr, metadata::device_id> watched_; ///< the workers alive
  scheduling::actions actions_;
  std::size_t waiting_ = 0; ///< as last traced
};

scheduler_actor::behavior_type scheduler(scheduler_actor::stateful_pointer<scheduler_state> self,
                                         std::shared_ptr<context> shared, const scheduling::engine& decisions,
                                         std::shared_ptr<engine_log_writer> log);

} // namespace baton::actors
