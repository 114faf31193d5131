#include "actors/worker.hpp"

#include <utility>

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include "actors/defaults.hpp"
#include "actors/handlers.hpp"

namespace baton::actors {

namespace {

constexpr metadata::task_epoch any_epoch{UINT64_MAX};

bool is_refusal(const scheduling::effect& e) {
  const auto& m = std::get<scheduling::envelope>(e).what;
  auto* a = std::get_if<scheduling::answer>(&m);
  return std::holds_alternative<scheduling::declined>(m) || (a && a->what == scheduling::outcome::refused);
}

} // namespace

/// The device waits for its work, so its memory must still be there.
worker_state::~worker_state() {
  pump_.reset();
  device_.reset();
}

void worker_state::start(std::shared_ptr<context> shared, metadata::device_id d, const scheduler_actor& scheduler) {
  shared_ = std::move(shared);
  facts_ = shared_->devices->at(d);
  voice = {scheduling::worker_of(d), shared_->tracer.get()};
  scheduler_ = scheduler.address();
  self->monitor<caf::message_priority::high>(scheduler);
  self->set_down_handler([this](const caf::down_msg& m) { contain(*this, [&] { down(m); }); });
}

void worker_state::on(const introduction& m) {
  bool first = !peers_.introduced();
  peers_.update(m);
  if (first)
    attach();
}

void worker_state::attach() {
  auto opened = shared_->open_device(facts_.id);
  if (!opened)
    return fail_device(opened.error().message);
  device_ = std::move(*opened);
  if (auto attached = device_->attach(); !attached)
    return fail_device(attached.error().message);
  if (facts_.domain == metadata::host_domain) {
    auto copier = shared_->registry_of(facts_.domain).memory().open_copy_engine();
    if (!copier)
      return fail_device(copier.error().message);
    copier_ = std::move(*copier);
  }
  scheduling::run_queue::config config{
      .self = facts_.id, .devices = shared_->devices, .quantum = shared_->quantum, .max_in_flight = 1};
  const auto& description = shared_->description(facts_.id);
  config.urgent_lanes = description.urgent_lanes;
  lanes_.resize(facts_.lanes + config.urgent_lanes);
  if (!description.is_inline) {
    config.max_in_flight = defaults::segments_in_flight;
    caf::weak_actor_ptr me(self->ctrl());
    const trace::voice pump{{trace::party::kind::pump, facts_.id.value}, voice.into};
    pump_ = std::make_unique<completion_pump>(*device_, [me, pump, to = voice.self] {
      if (auto alive = caf::actor_cast<worker_actor>(me.lock())) {
        pump.says(completions_ready{}, to);
        caf::anon_send<caf::message_priority::high>(alive, completions_ready{});
      }
    });
  }
  queue_.emplace(config);
  const scheduling::worker_up up{facts_.id};
  voice.says(up, scheduling::the_scheduler);
  self->send<caf::message_priority::high>(peers_.who().scheduler, up);
}

void worker_state::down(const caf::down_msg& m) {
  if (m.source == scheduler_) {
    self->quit(m.reason);
    return;
  }
  for (const auto& d : peers_.lost(m.source))
    queue_->on(d, effects_);
  act();
}

void worker_state::on(const scheduling::accepted& m) {
  peers_.settled(m.task, m.epoch);
  queue_->on(m, effects_);
  act();
}

void worker_state::on(const scheduling::declined& m) {
  peers_.settled(m.task, m.epoch);
  queue_->on(m, effects_);
  act();
}

// -- tasks ------------------------------------------------------------------------------------------------------------

void worker_state::on(const scheduling::accept& m) {
  auto values = bind(m.what);
  if (!values) {
    queue_->refuse(m, values.error().code, values.error().message, effects_);
  } else {
    // The plan's profile lives as long as the plan.
    std::shared_ptr<const metadata::plan_profile> profile((*values)->plan, &(*values)->plan->profile());
    queue_->on(m, std::move(profile), effects_);
    if (!is_refusal(effects_.front())) {
      const auto& r = m.what.ready;
      held_[m.what.id] = {std::move(*values), {r.device, r.lane, r.sequence}};
      stays_.begin(m.what, now());
    }
  }
  act();
}

void worker_state::fail_device(const std::string& why) {
  broken_ = true;
  auto text = "device " + shared_->description(facts_.id).name + ": " + why;
  spdlog::error("{}", text);
  shared_->board.put_failure(facts_.id, text);
  self->quit(caf::sec::runtime_error);
}

// -- effects ----------------------------------------------------------------------------------------------------------

void worker_state::act() {
  for (std::size_t i = 0; i < effects_.size() && !broken_; ++i) {
    auto e = std::move(effects_[i]); // what follows may add effects
    if (auto* r = std::get_if<scheduling::release>(&e)) {
      held_.erase(r->task);
      stays_.end(r->task, any_epoch);
    } else {
      perform(std::get<scheduling::envelope>(std::move(e)));
    }
  }
  effects_.clear();
  lost_.reset();
  auto held = queue_ ? queue_->held() : 0;
  auto& meter = shared_->meters[facts_.id.value];
  if (held != meter.held.load(std::memory_order_relaxed)) {
    meter.held.store(held, std::memory_order_relaxed);
    voice.note(trace::gauge{voice.now(), trace::gauge::kind::held, facts_.id, held});
  }
  if (!broken_ && !asked_ && held > 0) {
    asked_ = true;
    voice.says(run_next{}, voice.self);
    self->send(self, run_next{});
  }
}

void worker_state::perform(scheduling::envelope&& letter) {
  stays_.stamp(letter.what, now(), [this](metadata::task_id t) { return under_way(t); });
  if (auto* f = std::get_if<scheduling::finished>(&letter.what)) {
    // The controller's copy comes first. Without outputs nobody is told that it finished, but that they are lost.
    if (letter.to == scheduling::the_controller && !store_outputs(*f)) {
      lost_ = f->task;
      letter = {scheduling::the_scheduler, scheduling::values_lost{f->task, f->epoch}};
    } else if (lost_ == f->task) {
      return;
    }
  }
  std::vector<scheduling::declined> undelivered;
  peers_.send(voice, std::move(letter), undelivered);
  for (const auto& d : undelivered)
    queue_->on(d, effects_);
}

/// Outputs go home before anybody hears of the end.
bool worker_state::store_outputs(const scheduling::finished& f) {
  auto values = std::move(held_.at(f.task).values);
  held_.erase(f.task); // the scheduler may free the block as soon as it hears
  const auto begun = voice.now();
  auto outputs = copier_->fetch_outputs({values->plan.get(), &values->data}, nullptr);
  voice.note(trace::copy_made{.begin = begun,
                              .end = voice.now(),
                              .from = facts_.domain,
                              .to = facts_.domain,
                              .storer = facts_.id,
                              .bytes = outputs ? metadata::bytes_of(*outputs) : 0,
                              .task = f.task,
                              .request = values->record->id,
                              .at = values->plan->profile().end(),
                              .failure = outputs ? errc::none : outputs.error().code});
  if (!outputs) {
    spdlog::warn("request {}: outputs could not be fetched: {}", values->record->id.value, outputs.error().message);
    return false;
  }
  // A task has one member until batches are joined.
  for (const auto& m : f.members)
    values->record->put_outputs(m.attempt, *outputs, values->data.layer_time);
  return true;
}

// -- actor ------------------------------------------------------------------------------------------------------------

worker_actor::behavior_type worker(worker_actor::stateful_pointer<worker_state> self, std::shared_ptr<context> shared,
                                   metadata::device_id d, const scheduler_actor& scheduler) {
  auto& st = self->state;
  st.start(std::move(shared), d, scheduler);
  return {handle<scheduling::accept>(st),   handle<scheduling::preempt>(st),
          handle<scheduling::hand_off>(st), handle<scheduling::cancel>(st),
          handle<scheduling::job>(st),      handle<scheduling::accepted>(st),
          handle<scheduling::declined>(st), handle<introduction>(st),
          handle<completions_ready>(st),    handle<run_next>(st)};
}

worker_actor spawn_worker(caf::actor_system& system, std::shared_ptr<context> shared, metadata::device_id d,
                          const scheduler_actor& scheduler) {
  return shared->detached ? system.spawn<caf::detached>(worker, std::move(shared), d, scheduler)
                          : system.spawn(worker, std::move(shared), d, scheduler);
}

} // namespace baton::actors
