// What a decision of the engine costs with 64 unequal devices, 20 models and many waiting tasks, by policy.
//
// A decision is one event handled: an arrival, an end, an answer, a tick. Devices are full and a request comes whenever
// one ends, so that as many wait all the time. The world around is not measured. ROUNDS=N: repetitions. Arguments:
// policies, instead of those that it names.
#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "scheduling/emulator/event_queue.hpp"
#include "scheduling/engine.hpp"
#include "tests/bench/measure.hpp"

using namespace baton;
using namespace baton::scheduling;

namespace {

constexpr std::uint32_t device_count = 64;
constexpr std::uint32_t kinds = 4;
constexpr std::uint32_t domains = 8;
constexpr std::uint32_t models = 20;
constexpr std::size_t measured = 30'000; ///< events
constexpr auto far = std::chrono::hours(1);

/// Of a model on a kind: 1 to 9.75 ms on the first, other ratios on the others.
duration takes(std::uint32_t model, std::uint32_t kind) {
  const auto base = std::chrono::microseconds(1000 + (model * 7 % models) * 460);
  return base * (4 + kind * 3 + (model + kind) % 5) / 4;
}

/// An engine and the world around it: what is given to a device is accepted at once, and runs after what was given
/// before.
class rig {
public:
  rig(const std::string& policy, std::size_t waiting) : engine_(make(policy, waiting)), devices_(device_count) {
    for (std::uint32_t d = 0; d < device_count; ++d)
      feed(worker_up{{d}});
    for (std::uint32_t m = 1; m <= models; ++m)
      feed(model_added{{m}, {{1}}});
    while (engine_.waiting_tasks() < waiting)
      arrive();
  }

  /// Nanoseconds of each decision.
  std::vector<double> run() {
    for (std::size_t i = 0; i < measured / 4; ++i) // to where it goes on as it began
      step();
    costs_.clear();
    while (costs_.size() < measured)
      step();
    return costs_;
  }

private:
  struct end {
    device_id device;
  };
  struct wake {};
  using happening = std::variant<end, wake>;

  static engine make(const std::string& policy, std::size_t waiting) {
    auto c = std::make_shared<cluster>();
    for (std::uint32_t d = 0; d < device_count; ++d)
      c->devices.push_back({{d}, {d % domains}, d / domains % kinds, 1});
    return bench::must(engine::make({c, policy, waiting * 2}));
  }

  void step() {
    now_ = agenda_.next();
    const auto what = agenda_.pop();
    if (std::holds_alternative<wake>(what))
      return feed(tick{});
    const auto d = std::get<end>(what).device;
    auto& line = devices_[d.value];
    const auto t = line.front();
    line.erase(line.begin());
    if (!line.empty())
      begin(d);
    arrive();
    feed(finished{t.id, t.epoch, d, t.members, {}});
  }

  void arrive() {
    start_attempt a;
    a.request = {++requests_};
    a.attempt = {1};
    a.model = {static_cast<std::uint32_t>(requests_ * 11 % models) + 1};
    a.symbols = {1};
    a.deadline = now_ + far + std::chrono::microseconds(requests_ * 7919 % 1'000'000);
    feed(a);
  }

  void begin(device_id d) {
    const auto& t = devices_[d.value].front();
    const auto predicted = takes(t.model.value - 1, d.value / domains % kinds);
    agenda_.push(now_ + predicted * (950 + t.id.value * 7919 % 101) / 1000, end{d}); // no two devices keep in step
  }

  void feed(const event& e) {
    actions out;
    const auto start = std::chrono::steady_clock::now();
    engine_.handle(e, now_, out);
    costs_.push_back(std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count());
    for (const auto& a : out)
      if (const auto* m = std::get_if<envelope>(&a))
        answer_to(*m);
      else if (const auto* w = std::get_if<wake_at>(&a); w && w->when < now_ + std::chrono::minutes(1))
        agenda_.push(w->when, wake{});
  }

  void answer_to(const envelope& m) {
    if (const auto* j = std::get_if<job>(&m.what)) {
      const auto t = takes(j->model.value - 1, m.to.index / domains % kinds);
      return feed(job_done{j->command, {m.to.index}, errc::none, {}, t, {}, {t.count()}});
    }
    if (const auto* a = std::get_if<accept>(&m.what))
      take(a->command, a->what, {m.to.index});
    else if (const auto* b = std::get_if<bring>(&m.what))
      take(b->command, b->what, b->to);
  }

  void take(command_id c, const task& t, device_id d) {
    devices_[d.value].push_back(t);
    if (devices_[d.value].size() == 1)
      begin(d);
    answer a{c, t.id, t.epoch, outcome::applied, errc::none, {}, t.at};
    a.holder = worker_of(d);
    a.values_in = {d.value % domains};
    a.laid_out_by = d;
    feed(a);
  }

  engine engine_;
  time_point now_{};
  event_queue<happening> agenda_;
  std::vector<std::vector<task>> devices_; ///< what each was given, the running one first
  std::uint64_t requests_ = 0;
  std::vector<double> costs_;
};

int measure(std::vector<std::string> policies) {
  std::printf("nanoseconds per decision, %u devices, medians of %d runs of %zu decisions\n", device_count,
              bench::rounds_wanted(5), measured);
  if (policies.empty())
    policies = {"fifo",
                "priority",
                "edf",
                "clockwork",
                "fixed_window",
                "marginal:slo",
                "marginal:mean_latency",
                "marginal:makespan"};
  const std::vector<std::size_t> waiting{100, 10'000, 100'000};
  std::map<std::pair<std::string, std::size_t>, std::pair<std::vector<double>, std::vector<double>>> all;
  for (int round = 0; round < bench::rounds_wanted(5); ++round)
    for (const auto& policy : policies)
      for (const auto n : waiting) {
        const auto costs = rig{policy, n}.run();
        auto& [middle, high] = all[{policy, n}];
        middle.push_back(bench::percentile(costs, 0.5));
        high.push_back(bench::percentile(costs, 0.99));
      }
  std::printf("  %-22s %9s %9s %9s\n", "", "waiting", "p50", "p99");
  for (const auto& policy : policies) {
    for (const auto n : waiting) {
      const auto& [middle, high] = all[{policy, n}];
      const bool judged = policy == "marginal:slo" && n == 10'000;
      const auto p50 = bench::summarise(middle), p99 = bench::summarise(high);
      std::printf("  %-22s %9zu %9.0f %9.0f\n", policy.c_str(), n, p50.median, p99.median);
      bench::print_figure(fmt::format("decisions.{}.{}.p50", policy, n), p50.median, "ns", judged ? "<= 2000" : "");
      bench::print_figure(fmt::format("decisions.{}.{}.p99", policy, n), p99.median, "ns", judged ? "<= 10000" : "");
    }
    const auto growth = bench::ratios(all[{policy, 100'000}].first, all[{policy, 100}].first);
    bench::print_figure(fmt::format("decisions.{}.growth", policy), bench::summarise(growth).median, "times",
                        policy == "marginal:slo" ? "<= 3" : "");
  }
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  try {
    return measure({argv + 1, argv + argc});
  } catch (const std::exception& e) {
    std::fprintf(stderr, "decisions: %s\n", e.what());
    return 1;
  }
}
