#include <algorithm>
#include <map>

#include <catch2/catch.hpp>

#include "metadata/measured_models.hpp"
#include "scheduling/cluster_file.hpp"
#include "scheduling/emulator/emulator.hpp"
#include "scheduling/workloads/trace.hpp"
#include "tests/scheduling/engine_fixture.hpp"

/// What `marginal` does for each of its objectives, on two GPUs of which the second is twice as fast.
using namespace baton;
using namespace baton::scheduling;

namespace {

using namespace std::chrono_literals;
constexpr std::uint32_t alexnet = 0, resnet = 1, rnn = 2;

struct seen_requests final : observer {
  void ended(const request_record& r) override { by_id[r.request.value] = r; }
  time_point makespan() const {
    time_point last{};
    for (const auto& [id, r] : by_id)
      last = std::max(last, r.end);
    return last;
  }
  duration sum() const {
    duration all{};
    for (const auto& [id, r] : by_id)
      all += r.end - r.arrival;
    return all;
  }
  std::size_t in_time() const {
    return static_cast<std::size_t>(
        std::count_if(by_id.begin(), by_id.end(), [](const auto& r) { return r.second.in_time(); }));
  }
  std::map<std::uint64_t, request_record> by_id;
};

const std::string both = R"({"kind": "RTX 2060"}, {"kind": "GTX 1080 Ti", "latency_scale": 0.5})";
const std::string one = R"({"kind": "RTX 2060"})";

seen_requests run(const std::string& policy, std::vector<workloads::arrival> asked, const std::string& devices = both) {
  emulation e;
  auto where = parse_cluster(R"({"nodes": [{"name": "a", "devices": [)" + devices + "]}]}");
  REQUIRE(where);
  e.where = std::make_shared<const cluster_description>(std::move(*where));
  for (const auto& m : metadata::measured_models())
    e.models.push_back(m);
  e.policy = policy;
  e.quantum = {};
  e.backlog = {};
  auto w = workloads::replay(std::move(asked));
  seen_requests seen;
  REQUIRE(emulate(e, *w, seen));
  return seen;
}

} // namespace

TEST_CASE("for the makespan a lone short task waits for the fast device rather than begin on the slow one",
          "[scheduling]") {
  // The first takes the fast device for 1.05 ms; what comes just before its end would take twice as long on the slow
  // one.
  const auto seen = run("marginal:makespan", {{.at = 0us, .model = resnet}, {.at = 1000us, .model = rnn}});
  CHECK(seen.by_id.at(2).device.value == 1);
  CHECK(seen.by_id.at(2).taken.preemptions == 0);
}

TEST_CASE("for the makespan each device takes what it is better at", "[scheduling]") {
  // The fast device gains most from ResNet, least from rnn.
  std::vector<workloads::arrival> asked;
  for (int i = 0; i < 8; ++i) {
    asked.push_back({.at = {}, .model = resnet});
    asked.push_back({.at = {}, .model = rnn});
  }
  const auto seen = run("marginal:makespan", asked);
  const auto on_fast = [&](std::uint32_t model) {
    return std::count_if(seen.by_id.begin(), seen.by_id.end(),
                         [&](const auto& r) { return r.second.model == model && r.second.device.value == 1; });
  };
  CHECK(on_fast(resnet) > on_fast(rnn));
  for (const auto policy : {"fifo", "sjf", "naive", "non_naive", "best"})
    CHECK(seen.makespan() < run(policy, asked).makespan());
}

TEST_CASE("for the makespan an idle fast device takes over what a slow one runs", "[scheduling]") {
  const std::vector<workloads::arrival> asked{{.at = {}, .model = resnet}, {.at = {}, .model = resnet}};
  const auto seen = run("marginal:makespan", asked);
  std::uint32_t moves = 0;
  for (const auto& [id, r] : seen.by_id)
    moves += r.taken.moves;
  CHECK(moves == 1);
  CHECK(seen.makespan() < run("fifo", asked).makespan());
}

TEST_CASE("inputs come over while the task before still runs", "[scheduling]") {
  std::vector<workloads::arrival> asked(10, {.at = {}, .model = alexnet});
  const auto later = run("fifo", asked, one).makespan();
  for (const auto policy : {"marginal:makespan", "marginal:slo"}) {
    const auto ahead = run(policy, asked, one).makespan();
    CHECK(later - ahead > 9 * 40us); // of each but the first, most of a copy of 60 us
  }
}

TEST_CASE("for the mean latency a short newcomer takes the device from a long task, not from one that is nearly done",
          "[scheduling]") {
  const auto early = run("marginal:mean_latency", {{.at = {}, .model = resnet}, {.at = 300us, .model = rnn}}, one);
  CHECK(early.by_id.at(1).taken.preemptions == 1);
  CHECK(early.by_id.at(2).end < early.by_id.at(1).end);
  const auto late = run("marginal:mean_latency", {{.at = {}, .model = resnet}, {.at = 2500us, .model = rnn}}, one);
  CHECK(late.by_id.at(1).taken.preemptions == 0);
}

TEST_CASE("the sum of latencies is below that of others under load", "[scheduling]") {
  std::vector<workloads::arrival> asked;
  for (int i = 0; i < 60; ++i)
    asked.push_back({.at = i * 400us, .model = static_cast<std::uint32_t>(i * 7 % 3)});
  const auto sum = run("marginal:mean_latency", asked).sum();
  for (const auto policy : {"fifo", "sjf", "naive", "non_naive", "best"})
    CHECK(sum < run(policy, asked).sum());
}

TEST_CASE("with deadlines what can no longer make it lets others pass", "[scheduling]") {
  // ResNet takes 2.7 ms: with 2 ms it is hopeless, and would make the others late.
  std::vector<workloads::arrival> asked{{.at = {}, .model = resnet, .deadline = 2ms}};
  for (int i = 0; i < 3; ++i)
    asked.push_back({.at = 10us, .model = rnn, .deadline = 2100us});
  const auto seen = run("marginal:slo", asked, one);
  CHECK(seen.in_time() == 3);
  CHECK(run("edf", asked, one).in_time() == 0);
}

TEST_CASE("with deadlines a task that has time makes way for one that has none, and still makes its own",
          "[scheduling]") {
  const auto seen =
      run("marginal:slo",
          {{.at = {}, .model = resnet, .deadline = 20ms}, {.at = 300us, .model = rnn, .deadline = 1500us}}, one);
  CHECK(seen.in_time() == 2);
  CHECK(seen.by_id.at(1).taken.preemptions == 1);
}

TEST_CASE("with deadlines the more important is in time where not all can be", "[scheduling]") {
  const auto seen = run("marginal:slo",
                        {{.at = {}, .model = resnet, .deadline = 3200us},
                         {.at = 300us, .model = alexnet, .priority = 5, .deadline = 2500us}},
                        one);
  CHECK(seen.by_id.at(2).in_time());
}

TEST_CASE("with deadlines a task waits for the device that makes it, rather than begin where it is too late",
          "[scheduling]") {
  const auto seen = run("marginal:slo",
                        {{.at = {}, .model = alexnet, .deadline = 20ms}, {.at = {}, .model = resnet, .deadline = 2ms}});
  CHECK(seen.by_id.at(2).device.value == 1);
  CHECK(seen.in_time() == 2);
}

TEST_CASE("with deadlines what can wait leaves a device free for what is to come and cannot", "[scheduling]") {
  // rnn comes every 2 ms and has hardly more time than it takes; the two ResNets have plenty and come together.
  std::vector<workloads::arrival> asked;
  for (int i = 0; i < 20; ++i)
    asked.push_back({.at = i * 2ms, .model = rnn, .deadline = i * 2ms + 1200us});
  for (int i = 0; i < 2; ++i)
    asked.insert(asked.begin() + 10 + i, {.at = 18ms + 1900us, .model = resnet, .deadline = 60ms});
  std::stable_sort(asked.begin(), asked.end(), [](const auto& x, const auto& y) { return x.at < y.at; });
  const auto seen = run("marginal:slo", asked);
  CHECK(seen.in_time() == asked.size());
  for (const auto policy : {"edf", "fifo", "clockwork"})
    CHECK(run(policy, asked).in_time() < asked.size());
}

TEST_CASE("with deadlines nothing is lost by leaving a device free: a line that needs all of them has all of them",
          "[scheduling]") {
  std::vector<workloads::arrival> asked;
  for (int i = 0; i < 40; ++i)
    asked.push_back({.at = i * 2ms, .model = rnn, .deadline = i * 2ms + 1200us});
  const auto alone = run("edf", {{.at = {}, .model = resnet}}, one).makespan();
  for (int i = 0; i < 30;
       ++i) // two devices, of which one is twice as fast, do them in ten times what the slow one takes
    asked.push_back({.at = 20ms, .model = resnet, .deadline = 20ms + 12 * alone});
  std::stable_sort(asked.begin(), asked.end(), [](const auto& x, const auto& y) { return x.at < y.at; });
  CHECK(run("marginal:slo", asked).in_time() >= run("edf", asked).in_time());
}

TEST_CASE("a shape that could not be built may go though a request with a deadline asked for it", "[scheduling]") {
  testing::engine_fixture house("marginal:slo", {{{0}, {0}, 0, 1}, {{1}, {0}, 0, 1}});
  house.ready(2, 5ms);
  std::uint64_t request = 0;
  const auto ask = [&](std::uint32_t rows, time_point deadline) {
    house.feed(start_attempt{{++request}, {1}, {1}, {rows}, 1, 0, deadline, no_device, {}});
  };
  const auto fail_all = [&] {
    while (const auto j = house.first<job>())
      house.feed(job_done{j->command, {house.target.index}, errc::bad_model, "no", {}});
  };
  for (std::uint32_t rows = 2; rows <= defaults::shapes_per_model; ++rows) {
    ask(rows, rows == 100 ? house.now + 1h : never);
    fail_all();
  }
  ask(1000, never); // takes the place of those that failed
  CHECK(house.first<job>());
  fail_all();
  for (int i = 0; i < 3; ++i)
    ask(1, never);
  CHECK(house.e.open_tasks() == 3);
}

TEST_CASE("under overload more requests are in time than with edf", "[scheduling]") {
  std::vector<workloads::arrival> asked;
  for (int i = 0; i < 400; ++i) {
    const auto at = i * 250us;
    asked.push_back({.at = at, .model = static_cast<std::uint32_t>(i * 7 % 3), .deadline = at + 6ms});
  }
  const auto in_time = run("marginal:slo", asked).in_time();
  CHECK(in_time > run("edf", asked).in_time());
  CHECK(in_time > run("sjf", asked).in_time());
}

TEST_CASE("whatever the objective, all that was asked ends, however many devices of a kind there are", "[scheduling]") {
  const std::string fast = R"({"kind": "GTX 1080 Ti", "latency_scale": 0.5, "count": 3})";
  const std::string slow = R"({"kind": "RTX 2060", "count": 2}, )";
  for (const std::string policy : {"marginal", "marginal:mean_latency", "marginal:makespan"})
    for (const auto& devices : {fast, both, slow + fast})
      for (const auto apart : {50us, 400us, 3000us}) {
        CAPTURE(policy, devices, apart.count());
        std::vector<workloads::arrival> asked;
        for (int i = 0; i < 60; ++i)
          asked.push_back({.at = i * apart, .model = static_cast<std::uint32_t>(i * 7 % 3)});
        const auto seen = run(policy, asked, devices);
        CHECK(seen.in_time() == 60);
      }
}
