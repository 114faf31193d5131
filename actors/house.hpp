#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include "actors/actors.hpp"
#include "actors/context.hpp"
#include "actors/engine_log_writer.hpp"

namespace baton::actors {

/// How our actors want the framework: quiet, few threads, nobody starved.
struct house_config : caf::actor_system_config {
  house_config();
};

/// The actors of one process. Workers come and go; the rest are vital: none of them dies before the house closes.
struct house {
  controller_actor controller;
  scheduler_actor scheduler;
  std::vector<transfer_actor> transfers;
};

/// Spawns all actors and sets them going; workers report to the board when their devices are attached. When a vital
/// actor dies, the board says so, the gate closes, every open request ends as `unavailable`, and `on_vital_death` is
/// told why, on the dying actor's thread.
house open_house(caf::actor_system& system, const std::shared_ptr<context>& shared, const scheduling::engine& decisions,
                 std::shared_ptr<engine_log_writer> log, std::function<void(std::string)> on_vital_death);

/// Asks all actors to end. Workers and transfers follow the scheduler.
void close_house(const house& h);

/// Ends every request that is still in the table, once the controller cannot.
void end_orphans(context& shared, const std::string& why);

} // namespace baton::actors
