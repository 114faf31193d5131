#include <algorithm>
#include <map>
#include <set>

#include <catch2/catch.hpp>

#include "metadata/measured_models.hpp"
#include "scheduling/cluster_file.hpp"
#include "scheduling/emulator/emulator.hpp"
#include "scheduling/workloads/closed_loop.hpp"
#include "scheduling/workloads/open_loop.hpp"
#include "scheduling/workloads/trace.hpp"

/// The engine, run queues and transfer queues in made-up time: what must hold whatever the policy.
using namespace baton;
using namespace baton::scheduling;

namespace {

namespace loads = scheduling::workloads;

/// What was told, kept.
struct kept_work : work_record {
  std::vector<request_id> of;
};

struct recorder final : observer {
  void worked(const work_record& w) override { work.push_back({w, {w.requests.begin(), w.requests.end()}}); }
  void ended(const request_record& r) override { requests.push_back(r); }
  std::vector<kept_work> work;
  std::vector<request_record> requests;
};

template <class T>
T demand(expected<T> x) {
  if (!x)
    throw std::runtime_error(x.error().message);
  return std::move(*x);
}

emulation
two_gpus(const std::string& devices = R"({"kind": "RTX 2060"}, {"kind": "GTX 1080 Ti", "latency_scale": 0.5})") {
  emulation e;
  e.where = std::make_shared<const cluster_description>(
      demand(parse_cluster(R"({"nodes": [{"name": "a", "devices": [)" + devices + "]}]}")));
  for (const auto& m : metadata::measured_models())
    e.models.push_back(m);
  return e;
}

/// More than two GPUs can do.
loads::open_loop crowd(std::uint64_t requests, duration slo = never) {
  loads::open_loop loop{.intervals = {.mean = std::chrono::microseconds(300)}, .phases = {}, .mix = {}, .span = {}};
  for (std::uint32_t i = 0; i < 3; ++i)
    loop.mix.push_back({.model = i, .priority = static_cast<std::int32_t>(i), .slo = slo});
  loop.span.requests = requests;
  return loop;
}

recorder run(const emulation& e, loads::workload& w) {
  recorder seen;
  demand(emulate(e, w, seen));
  return seen;
}

/// What holds of every schedule. `late`: requests may end without a result.
void check(const emulation& e, const recorder& seen, std::uint64_t requests, bool late = false) {
  REQUIRE(seen.requests.size() == requests);
  std::set<request_id> ended;
  std::map<request_id, const request_record*> by_id;
  for (const auto& r : seen.requests) {
    CHECK(ended.insert(r.request).second);
    CHECK(r.end >= r.arrival);
    CHECK((late || r.failure == errc::none));
    by_id[r.request] = &r;
  }
  const auto most_rows = make_policy(e.policy)->most_rows();
  std::map<std::pair<device_id, lane_id>, time_point> lane_free;
  std::map<std::pair<domain_id, domain_id>, time_point> link_free;
  std::map<request_id, std::pair<position, time_point>> reached;
  std::map<request_id, domain_id> lies; // its values
  for (const auto& w : seen.work) {
    CHECK(w.end >= w.start);
    REQUIRE(!w.of.empty());
    std::uint32_t rows = 0;
    for (const auto id : w.of) {
      const auto& r = *by_id.at(id);
      rows += r.rows;
      CHECK(w.model == r.model);
      CHECK(w.start >= r.arrival);
      auto& [at, since] = reached[r.request];
      CHECK(w.start >= since); // nothing before its inputs are there
      since = w.end;
      if (w.what == work_record::kind::compute) {
        CHECK(w.first == at); // no part twice, none left out
        at = w.last;
        CHECK(lies[r.request] == e.where->devices.at(w.device).domain);
      } else {
        CHECK(lies[r.request] == w.from);
        lies[r.request] = w.to;
      }
    }
    if (w.what == work_record::kind::compute) {
      auto& free = lane_free[{w.device, w.lane}];
      CHECK(w.start >= free);
      free = w.end;
      const auto& speed = e.where->speeds[e.where->devices.at(w.device).kind];
      const auto takes = [&](std::uint32_t of_rows) {
        duration sum{};
        for (auto i = w.first.layer; i < w.last.layer; ++i)
          sum += speed.scaled(e.models[w.model].on(speed.kind->name)->layer(i, of_rows));
        return sum;
      };
      // Where some of a batch have left, the rows stay.
      const auto slows = e.where->slow_each_other(w.device);
      const auto lanes = e.where->devices.at(w.device).lanes;
      const auto took = [&](duration alone) {
        const auto x = w.end - w.start;
        return slows ? x >= alone && x <= lanes * alone + duration{1} : x == alone;
      };
      auto right = took(takes(rows));
      for (auto more = rows + 1; !right && more <= most_rows; ++more)
        right = took(takes(more));
      CHECK(right);
    } else {
      auto& free = link_free[{w.from, w.to}];
      CHECK(w.start >= free);
      free = w.end;
      CHECK(w.end - w.start == e.where->copy_time(w.from, w.to, w.bytes));
    }
  }
  for (const auto& r : seen.requests)
    if (r.failure == errc::none) {
      CHECK(reached.at(r.request).first == position{e.models[r.model].layer_count(), 0});
      CHECK(lies.at(r.request) == host_domain);
    }
}

bool same(const recorder& a, const recorder& b) {
  const auto alike = [](const kept_work& x, const kept_work& y) {
    return x.of == y.of && x.first == y.first && x.last == y.last && x.device == y.device && x.start == y.start
           && x.end == y.end;
  };
  return std::equal(a.work.begin(), a.work.end(), b.work.begin(), b.work.end(), alike);
}

/// And that a second run is the same.
void check_twice(const emulation& e) {
  const auto seen = run(e, *demand(loads::make(crowd(300), 7)));
  check(e, seen, 300);
  CHECK(same(run(e, *demand(loads::make(crowd(300), 7))), seen));
}

} // namespace

TEST_CASE("under every policy each request ends once, lanes and links do one thing at a time, parts come in order",
          "[scheduling]") {
  auto policies = policy_names();
  policies.insert(policies.end(), {"clockwork:8", "marginal:slo:8"});
  for (const auto policy : policies)
    for (const auto latency : {0, 20})
      for (const auto in_flight : {1U, 2U}) {
        CAPTURE(policy, latency, in_flight);
        auto e = two_gpus();
        e.policy = policy;
        e.message_latency = std::chrono::microseconds(latency);
        e.segments_in_flight = in_flight;
        check_twice(e);
      }
}

TEST_CASE("so they do where lanes slow each other, and what waits for what they do is not early", "[scheduling]") {
  for (const auto policy : policy_names())
    for (const auto in_flight : {1U, 2U}) {
      CAPTURE(policy, in_flight);
      auto e = two_gpus(R"({"kind": "RTX 2060", "lanes": 2}, {"kind": "GTX 1080 Ti", "latency_scale": 0.5},
                           {"kind": "GTX 1080 Ti", "latency_scale": 0.5, "lanes": 3})");
      for (auto& m : e.models)
        for (auto& [kind, table] : m.by_kind)
          for (std::size_t i = 0; i < table.rows.size(); ++i) {
            auto& uses = table.uses.emplace_back();
            for (std::uint32_t l = 0; l < table.layer_count(); ++l)
              uses.push_back({1000 - l * 311 % 1000, 1 + l * 173 % 1000});
          }
      e.policy = policy;
      e.quantum = std::chrono::microseconds(100);
      e.segments_in_flight = in_flight;
      check_twice(e);
    }
}

TEST_CASE("an idle cluster takes what the layers, the input and the output take", "[scheduling]") {
  auto e = two_gpus(R"({"kind": "RTX 2060"})");
  const auto& model = e.models[1];
  auto w = loads::replay({{.at = std::chrono::milliseconds(5), .model = 1}});
  const auto seen = run(e, *w);
  check(e, seen, 1);
  const auto expected = e.where->copy_time({0}, {1}, model.input_bytes) + model.on("RTX 2060")->whole(1)
                        + e.where->copy_time({1}, {0}, model.output_bytes);
  CHECK(seen.requests[0].end - seen.requests[0].arrival == expected);
  CHECK(seen.requests[0].spent.computing == model.on("RTX 2060")->whole(1));
}

TEST_CASE("a message's latency is paid by each message on a request's way", "[scheduling]") {
  auto e = two_gpus(R"({"kind": "RTX 2060"})");
  auto at_once = loads::replay({{.at = {}, .model = 2}});
  const auto fast = run(e, *at_once).requests[0];
  e.message_latency = std::chrono::microseconds(10);
  auto delayed = loads::replay({{.at = {}, .model = 2}});
  const auto slow = run(e, *delayed).requests[0];
  // To the transfer, to the worker, to the transfer of the host, to the controller.
  CHECK(slow.end - fast.end == 4 * e.message_latency);
}

TEST_CASE("a task that is more important takes the device at the next boundary", "[scheduling]") {
  auto e = two_gpus(R"({"kind": "RTX 2060"})");
  e.policy = "priority";
  e.quantum = std::chrono::microseconds(1);
  auto w = loads::replay({{.at = {}, .model = 0}, {.at = std::chrono::milliseconds(1), .model = 2, .priority = 1}});
  const auto seen = run(e, *w);
  check(e, seen, 2);
  CHECK(seen.requests[0].model == 2);
  CHECK(seen.requests[1].taken.preemptions == 1);
}

TEST_CASE("requests past their deadline end without a result, and the others in time", "[scheduling]") {
  auto e = two_gpus();
  e.policy = "edf";
  auto w = demand(loads::make(crowd(300, std::chrono::milliseconds(6)), 3));
  const auto seen = run(e, *w);
  check(e, seen, 300, true);
  std::size_t late = 0;
  for (const auto& r : seen.requests) {
    CHECK((r.failure == errc::none || r.failure == errc::deadline_exceeded));
    late += r.failure != errc::none;
  }
  CHECK(late > 0);
  CHECK(late < 300);
}

TEST_CASE("a closed loop keeps its clients' number of requests open", "[scheduling]") {
  auto e = two_gpus();
  loads::closed_loop loop{.clients = 3, .mix = {{.model = 0}}, .span = {.requests = 60}};
  auto w = demand(loads::make(loop, 1));
  const auto seen = run(e, *w);
  check(e, seen, 60);
  std::vector<std::pair<time_point, int>> changes;
  for (const auto& r : seen.requests) {
    changes.emplace_back(r.arrival, 1);
    changes.emplace_back(r.end, -1);
  }
  std::sort(changes.begin(), changes.end()); // ends first, at the same time
  int open = 0;
  for (const auto& [at, change] : changes) {
    open += change;
    CHECK(open <= 3);
  }
}

TEST_CASE("sizes and speeds decide among the policies that go by them", "[scheduling]") {
  auto e = two_gpus();
  const auto first_on = [&](const std::string& policy, std::uint32_t device) {
    e.policy = policy;
    // Two to fill the devices, then one of each model that waits.
    auto w = loads::replay({{.at = {}, .model = 1},
                            {.at = {}, .model = 1},
                            {.at = std::chrono::microseconds(1), .model = 0},
                            {.at = std::chrono::microseconds(2), .model = 1},
                            {.at = std::chrono::microseconds(3), .model = 2}});
    const auto seen = run(e, *w);
    check(e, seen, 5);
    for (const auto& x : seen.work)
      if (x.what == work_record::kind::compute && x.device.value == device && x.of[0].value > 2
          && x.first == position{})
        return x.model;
    return UINT32_MAX;
  };
  // By size: rnn, AlexNet, ResNet. The second device is the faster one.
  CHECK(first_on("naive", 1) == 1);
  CHECK(first_on("non_naive", 1) == 2);
  CHECK(first_on("sjf", 1) == 2);
  CHECK(first_on("fifo", 1) == 0);
}

TEST_CASE("what cannot be emulated is said", "[scheduling]") {
  recorder seen;
  auto w = loads::replay({});
  auto e = two_gpus();
  e.policy = "nothing";
  CHECK(emulate(e, *w, seen).error().code == errc::bad_argument);
  e = two_gpus(R"({"kind": "V100"})");
  CHECK_THAT(emulate(e, *w, seen).error().message,
             Catch::Matchers::Contains("AlexNet") && Catch::Matchers::Contains("V100"));
}
