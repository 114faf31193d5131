#include "tests/gpu_check/preempt.hpp"

#include <cstdio>
#include <random>
#include <stdexcept>

#include "actors/defaults.hpp"
#include "scheduling/run_queue.hpp"
#include "tests/bench/measure.hpp"
#include "tests/gpu_check/card_machine.hpp"
#include "tests/gpu_check/card_task.hpp"
#include "tests/gpu_check/models.hpp"

namespace baton::gpu_check {

using namespace scheduling;
using testing::demand;
using clock = std::chrono::steady_clock;

namespace {

/// A worker's loop around its run queue, for one task at a time on one lane.
class one_worker {
public:
  one_worker(testing::bench_device& on, const std::shared_ptr<const gpu::plan>& plan, duration quantum)
      : on_(on), values_(on, plan), profile_(plan, &plan->profile()),
        queue_({.self = {0},
                .devices = alone(),
                .quantum = quantum,
                .max_in_flight = actors::defaults::segments_in_flight}) {}

  struct delay {
    bool came_too_late = false; ///< the task had been issued to its end
    std::uint64_t segments = 0; ///< that completed after the order
    double microseconds = 0;    ///< until the last of them
  };

  /// Runs a fresh task, orders it back after `wait`.
  delay once(std::chrono::duration<double> wait) {
    accept m{.command = {1}, .what = {.id = {++task_}, .epoch = {1}}, .giver = the_scheduler};
    m.what.members = {{.request = {1}, .attempt = {1}}};
    values_.rewind();
    effects_.clear();
    queue_.on(m, profile_, effects_);
    const auto start = clock::now();
    while (clock::now() - start < wait && (queue_.has_next() || issued_ > completed_)) {
      issue();
      settle(std::chrono::milliseconds{0});
    }
    delay result;
    effects_.clear();
    const auto ordered = clock::now();
    queue_.on(preempt{{2}, {task_}, {1}, {}}, effects_);
    result.came_too_late = !was_applied();
    const auto issued_before = issued_;
    while (issue(), issued_ > completed_)
      result.segments += settle(std::chrono::seconds{10});
    if (!result.came_too_late && issued_ != issued_before)
      throw std::runtime_error("a segment was issued after the order");
    result.microseconds = std::chrono::duration<double, std::micro>(clock::now() - ordered).count();
    return result;
  }

private:
  static std::shared_ptr<const cluster> alone() {
    auto result = std::make_shared<cluster>();
    result->devices.push_back({.id = {0}, .domain = {0}});
    return result;
  }
  bool was_applied() const {
    for (const auto& e : effects_)
      if (const auto* letter = std::get_if<envelope>(&e))
        if (const auto* a = std::get_if<answer>(&letter->what))
          return a->command == command_id{2} && a->what == outcome::applied;
    return false;
  }
  void issue() {
    while (auto s = queue_.next()) {
      demand(on_.get().submit(
          {.plan = &values_.plan(), .begin = s->begin, .end = s->end, .data = &values_.data(), .waits = {}}));
      ++issued_;
      queue_.submitted(*s, effects_);
    }
  }
  std::uint64_t settle(std::chrono::milliseconds timeout) {
    gpu::completion c;
    if (on_.get().poll({&c, 1}) == 0) {
      if (timeout.count() > 0 && !on_.get().wait_any(timeout))
        throw std::runtime_error("a submission did not complete");
      return 0;
    }
    if (c.failure)
      throw std::runtime_error(c.failure->message);
    queue_.completed({0}, ++completed_, c.elapsed, effects_);
    return 1;
  }

  testing::bench_device& on_;
  card_task values_;
  std::shared_ptr<const plan_profile> profile_;
  run_queue queue_;
  effects effects_;
  std::uint64_t task_ = 0;
  std::uint64_t issued_ = 0;
  std::uint64_t completed_ = 0;
};

} // namespace

int measure_preempts(const std::string& plugin, bool small) {
  const auto on = first_card({.cuda_plugin = plugin});
  const auto machine = demand(on.open(0));
  testing::bench_device device(on, *machine, 0);
  const auto rounds = bench::rounds_wanted(small ? 20 : 200);
  constexpr double most = actors::defaults::segments_in_flight;
  bool too_many = false;
  for (const auto& m : measured_models(small)) {
    const auto plan = device.plan(m.model, m.symbols(measured_batches(small).back()));
    duration whole{};
    for (std::uint32_t layer = 0; layer < plan->profile().layers(); ++layer)
      whole += plan->profile().parts[layer] * plan->profile().part_time[layer];
    for (const auto& [name, quantum] :
         {std::pair{"quantum_default", duration{defaults::quantum}}, std::pair{"quantum_0", duration::zero()}}) {
      one_worker worker(device, plan, quantum);
      std::mt19937 random{3};
      std::uniform_real_distribution<double> when{0.05, 0.8};
      std::vector<double> segments, microseconds;
      for (int i = 0; i < rounds; ++i) {
        const auto d = worker.once(when(random) * std::chrono::duration<double>(whole));
        if (d.came_too_late)
          continue;
        segments.push_back(static_cast<double>(d.segments));
        microseconds.push_back(d.microseconds);
      }
      if (segments.empty()) {
        std::printf("%s %s: no order came in time, it is issued in too few segments\n", m.name.c_str(), name);
        continue;
      }
      const auto prefix = "preempt." + m.name + '.' + name;
      std::printf("%s: %zu of %d orders came in time; until the lane is free p50 %.0f us\n", prefix.c_str(),
                  segments.size(), rounds, bench::percentile(microseconds, 0.5));
      bench::print_figure(prefix + ".segments", bench::percentile(segments, 1), "segments",
                          "<= " + std::to_string(static_cast<int>(most)));
      bench::print_figure(prefix + ".p99", bench::percentile(microseconds, 0.99), "us");
      too_many = too_many || bench::percentile(segments, 1) > most;
    }
  }
  return too_many ? 1 : 0;
}

} // namespace baton::gpu_check
