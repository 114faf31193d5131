// What a decision of the engine costs with 64 devices and 10 000 waiting tasks, by policy.
#include <cstdio>
#include <ctime>
#include <deque>
#include <string>
#include <vector>

#include "scheduling/engine.hpp"
#include "tests/bench/measure.hpp"

using namespace baton;
using namespace baton::scheduling;

namespace {

constexpr std::uint32_t device_count = 64;
constexpr std::size_t waiting = 10'000;
constexpr std::size_t rounds = 20'000;

/// An engine whose devices are all busy and whose waiting line is full, and the world around it: each task given out is
/// accepted at once and ends when its turn comes.
class rig {
public:
  rig(const std::string& policy, std::uint32_t domains, duration predicted)
      : engine_(make(policy, domains)), predicted_(predicted) {
    for (std::uint32_t d = 0; d < device_count; ++d)
      feed(worker_up{{d}});
    feed(model_added{{1}, {{1}}});
    while (next_ < waiting + device_count)
      arrive();
  }

  /// A request comes, one ends; in between its place is taken. Decisions: the events handled.
  std::size_t round() {
    auto before = events_;
    arrive();
    auto t = running_.front();
    running_.pop_front();
    feed(finished{t.what.id, t.what.epoch, t.device, t.what.members, {}});
    return events_ - before;
  }

private:
  struct running {
    task what;
    device_id device;
  };

  static engine make(const std::string& policy, std::uint32_t domains) {
    auto c = std::make_shared<cluster>();
    for (std::uint32_t d = 0; d < device_count; ++d)
      c->devices.push_back({{d}, {d % domains}, 0, 1});
    return *engine::make({c, policy, waiting * 2});
  }

  void arrive() {
    start_attempt a;
    a.request = {++next_};
    a.attempt = {1};
    a.model = {1};
    a.symbols = {1};
    feed(a);
  }

  void feed(const event& e) {
    ++events_;
    actions out;
    engine_.handle(e, time_point{static_cast<std::int64_t>(events_)}, out);
    for (auto& a : out)
      if (auto* m = std::get_if<envelope>(&a))
        answer_to(*m);
  }

  void answer_to(const envelope& m) {
    if (auto* j = std::get_if<job>(&m.what))
      return feed(job_done{j->command, {m.to.index}, errc::none, {}, predicted_});
    if (auto* a = std::get_if<accept>(&m.what))
      return take(a->command, a->what, {m.to.index});
    if (auto* b = std::get_if<bring>(&m.what))
      take(b->command, b->what, b->to);
  }

  void take(command_id c, const task& t, device_id d) {
    running_.push_back({t, d});
    answer a{c, t.id, t.epoch, outcome::applied, errc::none, {}, t.at};
    a.holder = worker_of(d);
    a.values_in = {0};
    a.laid_out_by = d;
    feed(a);
  }

  engine engine_;
  duration predicted_; ///< of a task; 0: not known, so none stands in line at a device
  std::deque<running> running_;
  std::uint64_t next_ = 0;
  std::size_t events_ = 0;
};

/// Nanoseconds of processor time per decision, what the world around does included: others may use the machine.
double measure(const std::string& policy, std::uint32_t domains, duration predicted) {
  rig r{policy, domains, predicted};
  std::size_t decisions = 0;
  auto begin = std::clock();
  for (std::size_t i = 0; i < rounds; ++i)
    decisions += r.round();
  auto took = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  return took * 1e9 / static_cast<double>(decisions);
}

} // namespace

int main() {
  std::printf("%u devices, %zu waiting tasks, %zu rounds of one arrival, one end and one start\n", device_count,
              waiting, rounds);
  constexpr std::pair<const char*, duration> lines[]{{"", duration{}}, {"_in_line", std::chrono::microseconds{20}}};
  for (const std::string policy : {"fifo", "priority"})
    for (std::uint32_t domains : {1U, 8U})
      for (auto [name, predicted] : lines)
        for (const char* again : {"", "_again"}) // A/A: what noise looks like
          bench::print_figure("decisions." + policy + "_" + std::to_string(domains) + "_domains" + name + again,
                              measure(policy, domains, predicted), "ns", "<= 2000");
}
