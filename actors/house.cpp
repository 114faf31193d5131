#include "actors/house.hpp"

#include <utility>

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include "actors/controller.hpp"
#include "actors/defaults.hpp"
#include "actors/scheduler.hpp"
#include "actors/transfer.hpp"

namespace baton::actors {

namespace {

using alarm = std::function<void(std::string)>;

/// Runs `raise` when the actor has ended, unless it was asked to.
template <class Actor>
void watch_vital(caf::actor_system& system, const Actor& a, std::string part, alarm raise) {
  auto on_end = [&system, part = std::move(part), raise = std::move(raise)](const caf::error& why) {
    if (why != caf::exit_reason::user_shutdown)
      raise("the " + part + " died: " + system.render(why));
  };
  caf::actor_cast<caf::abstract_actor*>(a)->attach_functor(std::move(on_end));
}

} // namespace

house_config::house_config() {
  add_message_types<caf::id_block::baton>();
  set("scheduler.policy", caf::atom("sharing"));
  set("scheduler.max-threads", defaults::scheduled_threads);
  set("scheduler.max-throughput", defaults::messages_per_turn);
  set("logger.verbosity", caf::atom("quiet"));
}

house open_house(caf::actor_system& system, const std::shared_ptr<context>& shared, const scheduling::engine& decisions,
                 std::shared_ptr<engine_log_writer> log, std::function<void(std::string)> on_vital_death) {
  const trace::voice voice{trace::party::kind::runtime, shared->tracer.get()};
  house h;
  h.scheduler = system.spawn(scheduler, shared, decisions, std::move(log));
  h.controller = system.spawn(controller, shared, h.scheduler);
  for (const auto& d : shared->machine->domains())
    h.transfers.push_back(spawn_transfer(system, shared, d->description().id, h.scheduler));

  // Told at most once, whichever dies first. The controller itself may be the one that died: then nobody but us ends
  // what is open.
  auto raise = [shared, voice, told = std::move(on_vital_death),
                controller = caf::actor_cast<caf::actor_addr>(h.controller)](bool controller_died,
                                                                             const std::string& why) {
    shared->gate.close();
    if (shared->board.put_vital_death(why)) {
      spdlog::critical("{}", why);
      if (told)
        told(why);
    }
    if (controller_died) {
      shared->controller_died = true;
      end_orphans(*shared, why);
    } else if (auto c = caf::actor_cast<controller_actor>(controller)) {
      const end_everything end{errc::unavailable, why};
      voice.says(end, scheduling::the_controller);
      caf::anon_send<caf::message_priority::high>(c, end);
    }
  };
  watch_vital(system, h.controller, "controller", [raise](const std::string& why) { raise(true, why); });
  watch_vital(system, h.scheduler, "scheduler", [raise](const std::string& why) { raise(false, why); });
  for (std::size_t i = 0; i < h.transfers.size(); ++i)
    watch_vital(system, h.transfers[i], "transfer into domain " + shared->machine->domains()[i]->description().name,
                [raise](const std::string& why) { raise(false, why); });

  auto who = std::make_shared<directory>(directory{h.controller, h.scheduler, {}, h.transfers});
  const introduction first{std::move(who)};
  voice.says(first, scheduling::the_scheduler);
  caf::anon_send<caf::message_priority::high>(h.scheduler, first);
  return h;
}

void close_house(const house& h) {
  caf::anon_send_exit(h.controller, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(h.scheduler, caf::exit_reason::user_shutdown);
}

void end_orphans(context& shared, const std::string& why) {
  const trace::voice voice{trace::party::kind::runtime, shared.tracer.get()};
  while (auto record = shared.requests.take_any()) {
    voice.note(trace::request_ended{.at = voice.now(), .request = record->id, .outcome = errc::unavailable});
    shared.results.push({.request = record->id, .failure = errc::unavailable, .message = why},
                        [&] { shared.gate.leave(record->input_bytes()); });
  }
}

} // namespace baton::actors
