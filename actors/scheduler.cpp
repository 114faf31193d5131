#include "actors/scheduler.hpp"

#include <utility>

#include <spdlog/spdlog.h>

#include "actors/handlers.hpp"
#include "actors/worker.hpp"

namespace baton::actors {

void scheduler_state::start(std::shared_ptr<context> shared, const scheduling::engine& decisions,
                            std::shared_ptr<engine_log_writer> log) {
  shared_ = std::move(shared);
  voice.into = shared_->tracer.get();
  engine_ = decisions;
  log_ = std::move(log);
  self->set_down_handler([this](const caf::down_msg& m) { contain(*this, [&] { down(m); }); });
}

void scheduler_state::on(const scheduling::worker_up& e) {
  decide(e);
  shared_->board.put_serving(e.device, true);
}

/// The timer's voice is ours, so that one sees how late it came.
void scheduler_state::on(const wake& m) {
  const trace::voice timer{trace::party::kind::timer, voice.into};
  timer.says(m, voice.self, m.when);
  decide(scheduling::tick{});
}

void scheduler_state::on(const introduction& m) {
  auto all = *m.who;
  for (const auto& d : shared_->devices->devices)
    all.workers.push_back(spawn_watched(d.id));
  introduce(all, metadata::no_device);
}

void scheduler_state::on(const crash& m) {
  if (peers_ && m.device.value < peers_->workers.size())
    self->send_exit(peers_->workers[m.device.value], caf::exit_reason::kill);
}

void scheduler_state::down(const caf::down_msg& m) {
  auto i = watched_.find(m.source);
  if (i == watched_.end())
    return;
  auto d = i->second;
  watched_.erase(i);
  voice.note(trace::worker_died{voice.now(), d});
  spdlog::warn("the worker of device {} died: {}", shared_->description(d).name, self->system().render(m.reason));
  shared_->board.put_serving(d, false);
  shared_->meters[d.value].held = 0;
  decide(scheduling::worker_down{d});
}

void scheduler_state::decide(const scheduling::event& e) {
  auto now = self->system().clock().now() - shared_->epoch;
  actions_.clear();
  engine_->handle(e, now, actions_);
  if (log_)
    log_->write(e, now, actions_);
  for (auto& a : actions_)
    std::visit([this](auto& x) { perform(std::move(x)); }, a);
  if (log_ && engine_->open_tasks() == 0)
    log_->flush(); // nothing may follow for long
  const auto waiting = engine_->waiting_tasks();
  if (waiting != waiting_)
    voice.note(trace::gauge{voice.now(), trace::gauge::kind::waiting, metadata::no_device, waiting_ = waiting});
  shared_->board.put_counters(engine_->counters(), waiting);
}

void scheduler_state::perform(scheduling::envelope&& letter) {
  post(*peers_, voice, std::move(letter));
}

void scheduler_state::perform(const scheduling::forget& f) {
  for (const auto& r : shared_->registries)
    r->forget(f.task);
}

void scheduler_state::perform(const scheduling::restart& r) {
  auto changed = *peers_;
  changed.workers[r.device.value] = spawn_watched(r.device);
  introduce(changed, r.device);
}

void scheduler_state::perform(const scheduling::wake_at& w) {
  self->scheduled_send<caf::message_priority::high>(self, shared_->epoch + w.when, wake{w.when});
}

void scheduler_state::perform(const scheduling::model_ready& r) {
  shared_->board.put_model_ready(r);
}

/// Large memory takes its time to be freed: whoever waits for the end of the model does it, not this thread.
void scheduler_state::perform(const scheduling::forget_model& f) {
  auto all = std::make_shared<model_remains>();
  for (const auto& r : shared_->registries)
    all->domains.push_back(r->forget_model(f.model));
  shared_->models.remove(f.model);
  shared_->board.put_model_gone(f.model, std::move(all));
}

worker_actor scheduler_state::spawn_watched(metadata::device_id d) {
  auto w = spawn_worker(self->system(), shared_, d, self);
  watched_[w.address()] = d;
  self->monitor<caf::message_priority::high>(w);
  return w;
}

void scheduler_state::introduce(const directory& changed, metadata::device_id replaced) {
  peers_ = std::make_shared<directory>(changed);
  introduction m{peers_, replaced};
  auto introduce_to = [&](const auto& actor, const trace::party& who) {
    voice.says(m, who);
    self->send<caf::message_priority::high>(actor, m);
  };
  // The new worker first: as soon as another knows it, a task may be on its way there.
  if (replaced != metadata::no_device)
    introduce_to(peers_->workers[replaced.value], scheduling::worker_of(replaced));
  for (std::uint32_t i = 0; i < peers_->workers.size(); ++i)
    if (i != replaced.value)
      introduce_to(peers_->workers[i], scheduling::worker_of({i}));
  for (std::uint32_t i = 0; i < peers_->transfers.size(); ++i)
    introduce_to(peers_->transfers[i], scheduling::transfer_of({i}));
}

scheduler_actor::behavior_type scheduler(scheduler_actor::stateful_pointer<scheduler_state> self,
                                         std::shared_ptr<context> shared, const scheduling::engine& decisions,
                                         std::shared_ptr<engine_log_writer> log) {
  auto& st = self->state;
  st.start(std::move(shared), decisions, std::move(log));
  return {handle<scheduling::start_attempt>(st),
          handle<scheduling::cancel_request>(st),
          handle<scheduling::answer>(st),
          handle<scheduling::finished>(st),
          handle<scheduling::failed>(st),
          handle<scheduling::values_lost>(st),
          handle<scheduling::job_done>(st),
          handle<scheduling::model_added>(st),
          handle<scheduling::model_removed>(st),
          handle<scheduling::worker_up>(st),
          handle<stop_admitting>(st),
          handle<wake>(st),
          handle<introduction>(st),
          handle<crash>(st)};
}

} // namespace baton::actors
