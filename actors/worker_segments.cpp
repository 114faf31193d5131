#include <utility>

#include "actors/handlers.hpp"
#include "actors/worker.hpp"

/// What a worker's device runs, and what it has taken.
namespace baton::actors {

using steady = std::chrono::steady_clock;

void worker_state::on(const run_next&) {
  asked_ = false;
  if (auto s = queue_->next())
    run(*s);
}

void worker_state::run(const scheduling::segment& s) {
  const auto& [values, ready] = held_.at(s.task);
  const auto given = steady::now();
  auto done = device_->submit({.plan = values->plan.get(),
                               .begin = s.begin,
                               .end = s.end,
                               .data = &values->data,
                               .lane = s.lane,
                               .waits = {&ready, ready.sequence > 0 ? 1U : 0U}});
  if (done) {
    lanes_[s.lane.value].push_back({s, values, given, *done});
    queue_->submitted(s, effects_);
  } else if (done.error().code == errc::out_of_memory) { // of the task, not of the device
    queue_->not_submitted(s, errc::out_of_memory, done.error().message, effects_);
  } else {
    return fail_device(done.error().message);
  }
  poll();
  act();
}

void worker_state::on(const completions_ready&) {
  poll();
  if (!broken_)
    pump_->polled();
  act();
}

void worker_state::poll() {
  gpu::completion c;
  while (!broken_ && device_->poll({&c, 1}) == 1) {
    if (c.done.sequence == 0)
      return fail_device(c.failure->message);
    auto& lane = lanes_.at(c.done.lane.value);
    const auto oldest = std::move(lane.front());
    lane.pop_front();
    note(oldest, c);
    stays_.computed(oldest.what.task, c.so_far);
    settle(oldest.what, c);
  }
}

void worker_state::note(const issued& s, const gpu::completion& c) const {
  if (!voice.into)
    return;
  voice.note(trace::segment_ran{.begin = voice.into->at(c.ended ? *c.ended - c.elapsed : s.given),
                                .end = c.ended ? voice.into->at(*c.ended) : voice.now(),
                                .elapsed = c.elapsed,
                                .device = facts_.id,
                                .lane = s.what.lane,
                                .task = s.what.task,
                                .request = s.values->record->id,
                                .model = s.values->record->model_number,
                                .first = s.what.begin,
                                .last = s.what.end,
                                .failure = c.failure ? c.failure->code : errc::none});
}

void worker_state::settle(const scheduling::segment& s, const gpu::completion& c) {
  shared_->meters[facts_.id.value].add(c.elapsed);
  if (!c.failure)
    queue_->completed(s.lane, s.sequence, c.elapsed, effects_);
  else if (c.failure->code == errc::device_failed)
    fail_device(c.failure->message);
  else
    queue_->failed_segment(s.lane, s.sequence, c.failure->code, c.failure->message, effects_);
}

/// What the task's segments on the device have taken so far.
metadata::duration worker_state::under_way(metadata::task_id t) const {
  metadata::duration sum{};
  for (const auto& lane : lanes_)
    for (const auto& s : lane)
      if (s.what.task == t)
        sum += device_->taken(s.as);
  return sum;
}

} // namespace baton::actors
