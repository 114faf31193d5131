#include <algorithm>
#include <map>
#include <vector>

#include <catch2/catch.hpp>

#include "metadata/measured_models.hpp"
#include "scheduling/cluster_file.hpp"
#include "scheduling/emulator/emulator.hpp"
#include "scheduling/workloads/open_loop.hpp"
#include "scheduling/workloads/trace.hpp"

/// The policy that starts only what it can bring to its end in time.
using namespace baton;
using namespace baton::scheduling;

namespace {

namespace loads = scheduling::workloads;
using std::chrono::microseconds;
using std::chrono::milliseconds;

struct ends final : observer {
  void ended(const request_record& r) override { all.push_back(r); }
  void worked(const work_record& w) override {
    if (w.what == work_record::kind::compute)
      for (const auto r : w.requests)
        computed[r] += w.end - w.start;
  }
  std::vector<request_record> all;
  std::map<request_id, duration> computed;
};

/// The three measured models, ResNet the second, on these devices.
emulation on(const std::string& devices, const std::string& policy = "clockwork") {
  emulation e;
  e.where = std::make_shared<const cluster_description>(
      *parse_cluster(R"({"nodes": [{"name": "a", "devices": [)" + devices + "]}]}"));
  for (const auto& m : metadata::measured_models())
    e.models.push_back(m);
  e.policy = policy;
  e.backlog = {};
  return e;
}

ends run(const emulation& e, loads::workload& w) {
  ends seen;
  REQUIRE(emulate(e, w, seen));
  return seen;
}

duration takes(const emulation& e, std::size_t model, std::string_view kind) {
  return e.models[model].on(kind)->whole(1);
}

std::size_t in_time(const ends& of) {
  return static_cast<std::size_t>(
      std::count_if(of.all.begin(), of.all.end(), [](const auto& r) { return r.in_time(); }));
}

} // namespace

TEST_CASE("clockwork gives up at once what no device can bring to its end in time", "[scheduling]") {
  const auto e = on(R"({"kind": "RTX 2060"})");
  const auto whole = takes(e, 1, "RTX 2060");
  // The second would be late behind the first, and would have been in time alone.
  auto w = loads::replay({{.at = {}, .model = 1, .deadline = 2 * whole},
                          {.at = microseconds(10), .model = 1, .deadline = whole + microseconds(900)},
                          {.at = microseconds(20), .model = 1, .deadline = whole / 2}});
  const auto seen = run(e, *w);
  REQUIRE(seen.all.size() == 3);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(seen.all[i].failure == errc::deadline_exceeded);
    CHECK(seen.all[i].end == seen.all[i].arrival);
    CHECK(!seen.computed.contains(seen.all[i].request));
  }
  CHECK(seen.all[2].in_time());
}

TEST_CASE("clockwork leaves to the faster device what only that can bring to its end in time", "[scheduling]") {
  const auto e = on(R"({"kind": "RTX 2060", "latency_scale": 4}, {"kind": "RTX 2060"})");
  const auto whole = takes(e, 1, "RTX 2060");
  // Both devices are free: the urgent one is not for the slow one, the one behind it is.
  auto w = loads::replay({{.at = {}, .model = 1, .deadline = 2 * whole + milliseconds(1)},
                          {.at = microseconds(1), .model = 1, .deadline = 2 * whole + milliseconds(2)},
                          {.at = microseconds(2), .model = 1, .deadline = 6 * whole}});
  const auto seen = run(e, *w);
  CHECK(in_time(seen) == 3);
  for (const auto& r : seen.all)
    CHECK(r.device.value == (r.deadline < 6 * whole ? 1U : 0U));
}

TEST_CASE("without deadlines clockwork is first come, first served", "[scheduling]") {
  std::vector<loads::arrival> asked;
  for (std::uint32_t i = 0; i < 30; ++i)
    asked.push_back({.at = microseconds(i), .model = i % 3});
  const std::string devices = R"({"kind": "RTX 2060"}, {"kind": "GTX 1080 Ti"})";
  auto w = loads::replay(asked);
  auto again = loads::replay(asked);
  const auto clockwork = run(on(devices), *w);
  const auto fifo = run(on(devices, "fifo"), *again);
  REQUIRE(clockwork.all.size() == fifo.all.size());
  for (std::size_t i = 0; i < fifo.all.size(); ++i) {
    CHECK(clockwork.all[i].request == fifo.all[i].request);
    CHECK(clockwork.all[i].end == fifo.all[i].end);
  }
}

TEST_CASE("under too much load clockwork answers more requests in time than the earliest deadline first",
          "[scheduling]") {
  loads::open_loop loop{.intervals = {.mean = microseconds(500)}, .phases = {}, .mix = {}, .span = {.requests = 400}};
  for (std::uint32_t i = 0; i < 3; ++i)
    loop.mix.push_back({.model = i, .slo = milliseconds(12)});
  const std::string devices = R"({"kind": "RTX 2060"}, {"kind": "GTX 1080 Ti"})";
  std::size_t better = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    auto w = *loads::make(loop, seed);
    auto again = *loads::make(loop, seed);
    const auto clockwork = run(on(devices), *w);
    const auto edf = run(on(devices, "edf"), *again);
    better += in_time(clockwork) > in_time(edf);
  }
  CHECK(better == 5);
}
