#include "actors/controller.hpp"

#include <utility>

#include "actors/handlers.hpp"

namespace baton::actors {

void controller_state::start(std::shared_ptr<context> shared, scheduler_actor to) {
  shared_ = std::move(shared);
  voice.into = shared_->tracer.get();
  peers_.scheduler = std::move(to);
}

void controller_state::on(const new_request& m) {
  core_.submit(m.first, m.submitted, now(), effects_);
  act();
}

void controller_state::on(const cancel_wanted& m) {
  core_.cancel(m.request, effects_);
  act();
}

void controller_state::on(const scheduling::finished& m) {
  core_.on(m, now(), effects_);
  act();
}

void controller_state::on(const scheduling::attempt_ended& m) {
  core_.on(m, now(), effects_);
  act();
}

void controller_state::on(const end_everything& m) {
  core_.end_all(m.why, m.message, now(), effects_);
  act();
}

metadata::time_point controller_state::now() const {
  return self->system().clock().now() - shared_->epoch;
}

void controller_state::act() {
  for (auto& e : effects_) {
    if (auto* letter = std::get_if<scheduling::envelope>(&e))
      post(peers_, voice, std::move(*letter));
    else
      deliver(std::get<ending>(std::move(e)));
  }
  effects_.clear();
}

void controller_state::deliver(ending&& e) {
  auto record = shared_->requests.take(e.request);
  if (!record)
    return;
  done d{.request = e.request,
         .failure = e.failure,
         .message = std::move(e.message),
         .attempts = e.attempt.value,
         .total = e.total,
         .queued = e.spent.queued,
         .computing = e.spent.computing,
         .moving = e.spent.moving,
         .preemptions = e.taken.preemptions,
         .moves = e.taken.moves,
         .device = e.device};
  if (d.failure == errc::none) {
    auto result = record->take_outputs(e.attempt);
    d.outputs = std::move(result.outputs);
    d.layer_time = std::move(result.layer_time);
  }
  voice.note(trace::request_ended{voice.now(), d.request, d.failure, d.attempts, d.device});
  shared_->results.push(std::move(d), [&] { shared_->gate.leave(record->input_bytes()); });
}

controller_actor::behavior_type controller(controller_actor::stateful_pointer<controller_state> self,
                                           std::shared_ptr<context> shared, scheduler_actor scheduler) {
  auto& st = self->state;
  st.start(std::move(shared), std::move(scheduler));
  return {handle<new_request>(st), handle<cancel_wanted>(st), handle<scheduling::finished>(st),
          handle<scheduling::attempt_ended>(st), handle<end_everything>(st)};
}

} // namespace baton::actors
