#include "tests/gpu_check/card_task.hpp"

#include <stdexcept>

#include "actors/defaults.hpp"
#include "scheduling/run_queue.hpp"
#include "tests/support/model_builder.hpp"

namespace baton::gpu_check {

using metadata::position;

std::vector<position> cut(const gpu::plan& p, metadata::duration quantum) {
  using namespace scheduling;
  auto cluster = std::make_shared<scheduling::cluster>();
  cluster->devices.push_back({.id = {0}, .domain = {0}});
  run_queue queue({.self = {0}, .devices = std::move(cluster), .quantum = quantum});
  effects ignored;
  accept m{.command = {1}, .what = {.id = {1}, .epoch = {1}}, .giver = the_scheduler};
  m.what.members = {{.request = {1}, .attempt = {1}}};
  queue.on(m, std::make_shared<metadata::plan_profile>(p.profile()), ignored);
  std::vector<position> ends;
  while (auto s = queue.next()) {
    ends.push_back(s->end);
    queue.completed(s->lane, s->sequence, {}, ignored);
  }
  return ends;
}

card_task::card_task(testing::bench_device& on, std::shared_ptr<const gpu::plan> plan, gpu::lane_id lane)
    : plan_(std::move(plan)), lane_(lane), ends_{plan_->profile().end()} {
  inputs_ = on.bind(*plan_, testing::random_inputs(plan_->of(), plan_->symbols(), 1));
  data_ = on.bind(*plan_);
  copier_ = testing::demand(on.home().open_copy_engine());
}

void card_task::rewind() {
  testing::demand(copier_->copy({plan_.get(), &inputs_, {}}, {plan_.get(), &data_, {}}, {0, 0}, nullptr));
  issued_ = completed_ = 0;
}

void card_task::issue(gpu::device& on) {
  while (issued_ < ends_.size() && issued_ - completed_ < actors::defaults::segments_in_flight) {
    const auto begin = issued_ == 0 ? position{} : ends_[issued_ - 1];
    testing::demand(on.submit(
        {.plan = plan_.get(), .begin = begin, .end = ends_[issued_], .data = &data_, .lane = lane_, .waits = {}}));
    ++issued_;
  }
}

void card_task::completed(const gpu::completion& c) {
  if (c.failure)
    throw std::runtime_error(c.failure->message);
  ++completed_;
}

double run_together(gpu::device& on, std::span<card_task* const> tasks) {
  using clock = std::chrono::steady_clock;
  for (auto* t : tasks)
    t->rewind();
  const auto start = clock::now();
  const auto some_left = [&] {
    for (const auto* t : tasks)
      if (!t->ended())
        return true;
    return false;
  };
  for (gpu::completion done; some_left();) {
    for (auto* t : tasks)
      t->issue(on);
    if (on.poll({&done, 1}) == 0) {
      if (!on.wait_any(std::chrono::seconds(10)))
        throw std::runtime_error("a submission did not complete");
      continue;
    }
    for (auto* t : tasks)
      if (t->lane() == done.done.lane)
        t->completed(done);
  }
  return std::chrono::duration<double>(clock::now() - start).count();
}

} // namespace baton::gpu_check
