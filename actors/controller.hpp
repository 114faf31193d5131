#pragma once

#include <memory>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/actors.hpp"
#include "actors/context.hpp"
#include "actors/controller_core.hpp"

namespace baton::actors {

/// Hosts the controller core: carries its envelopes to the scheduler and turns its endings into results.
struct controller_state {
  static inline const char* name = "controller";
  explicit controller_state(controller_actor::pointer owner) : self(owner) {}

  void start(std::shared_ptr<context> shared, scheduler_actor to);
  void on(const new_request& m);
  void on(const cancel_wanted& m);
  void on(const scheduling::finished& m);
  void on(const scheduling::attempt_ended& m);
  void on(const end_everything& m);

  controller_actor::pointer self;
  trace::voice voice{scheduling::the_controller};

private:
  metadata::time_point now() const;
  void act();
  void deliver(ending&& e);

  std::shared_ptr<context> shared_;
  directory peers_; ///< the scheduler alone
  controller_core core_;
  controller_core::effects effects_;
};

controller_actor::behavior_type controller(controller_actor::stateful_pointer<controller_state> self,
                                           std::shared_ptr<context> shared, scheduler_actor scheduler);

} // namespace baton::actors
