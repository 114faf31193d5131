#include <algorithm>
#include <map>
#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "metadata/measured_models.hpp"
#include "scheduling/cluster_file.hpp"
#include "scheduling/emulator/emulator.hpp"
#include "scheduling/workloads/open_loop.hpp"

/// Emulated devices that have not enough memory for all models: what must hold whatever the policy.
using namespace baton;
using namespace baton::scheduling;

namespace {

namespace loads = scheduling::workloads;

/// Follows what is where, from the schedule alone.
struct memory_watch final : observer {
  explicit memory_watch(const emulation& e) : what(e) {}

  void worked(const work_record& w) override {
    auto& there = loaded[w.device];
    if (w.what == work_record::kind::eviction) {
      ++evictions;
      CHECK(there.erase(w.model) == 1);
      for (const auto& [request, since] : runs)
        CHECK((since.first != w.device || since.second != w.model));
    } else if (w.what == work_record::kind::load) {
      CHECK(there.insert(w.model).second);
      std::uint64_t taken = 0;
      for (const auto m : there)
        taken += what.models[m].weight_bytes;
      CHECK(taken <= what.where->domains[w.to.value].memory);
    } else if (w.what == work_record::kind::transfer) {
      for (const auto r : w.requests)
        if (const auto run = runs.find(r); run != runs.end())
          for (const auto& d : what.where->devices.devices)
            if (d.domain == w.to)
              run->second.first = d.id;
    } else if (w.what == work_record::kind::compute) {
      CHECK(there.contains(w.model));
      const bool ends = w.last.layer == what.models[w.model].layer_count();
      for (const auto r : w.requests)
        if (ends)
          runs.erase(r);
        else
          runs[r] = {w.device, w.model};
    }
  }
  void ended(const request_record& r) override {
    ++requests;
    answered += r.failure == errc::none;
    runs.erase(r.request);
  }

  const emulation& what;
  std::map<device_id, std::set<std::uint32_t>> loaded;
  std::map<request_id, std::pair<device_id, std::uint32_t>> runs; ///< begun, and where its values are
  std::size_t evictions = 0, requests = 0, answered = 0;
};

/// Three models, AlexNet's 244 MB among them, cold; `memory` of each of two GPUs.
emulation two_small_gpus(const std::string& memory, const std::string& policy) {
  emulation e;
  auto where = parse_cluster(R"({"nodes": [{"name": "a", "devices": [{"kind": "RTX 2060", "memory": ")" + memory
                             + R"("}, {"kind": "GTX 1080 Ti", "memory": ")" + memory + R"("}]}]})");
  REQUIRE(where);
  e.where = std::make_shared<const cluster_description>(std::move(*where));
  for (const auto& m : metadata::measured_models())
    e.models.push_back(m);
  e.policy = policy;
  e.warm = false;
  return e;
}

loads::open_loop crowd(std::uint64_t requests, std::chrono::microseconds interval) {
  loads::open_loop loop{.intervals = {.mean = interval}, .phases = {}, .mix = {}, .span = {}};
  for (std::uint32_t i = 0; i < 3; ++i)
    loop.mix.push_back({.model = i, .priority = static_cast<std::int32_t>(i)});
  loop.span.requests = requests;
  return loop;
}

} // namespace

TEST_CASE("under every policy weights fit, nothing runs without them or loses them, and every request is answered",
          "[scheduling]") {
  for (const auto policy : policy_names())
    for (const auto* memory : {"245 MB", "260 MB"})
      for (const auto interval : {500, 20'000}) {
        CAPTURE(policy, memory, interval);
        const auto e = two_small_gpus(memory, std::string(policy));
        auto requests = loads::make(crowd(300, std::chrono::microseconds(interval)), 7);
        REQUIRE(requests);
        memory_watch seen(e);
        const auto ran = emulate(e, **requests, seen);
        REQUIRE(ran);
        CHECK(seen.requests == 300);
        CHECK(seen.answered == 300);
        CHECK(seen.evictions > 0);
        CHECK(seen.evictions < 150); // not a model for every request
      }
}

TEST_CASE("a model that no memory is large enough for is said, and its requests end", "[scheduling]") {
  auto e = two_small_gpus("200 MB", "fifo");
  auto requests = loads::make(crowd(60, std::chrono::microseconds(1000)), 7);
  memory_watch seen(e);
  REQUIRE(emulate(e, **requests, seen));
  CHECK(seen.requests == 60);
  CHECK(seen.answered < 60);
  CHECK(seen.answered > 30);
  e.warm = true;
  requests = loads::make(crowd(60, std::chrono::microseconds(1000)), 7);
  const auto refused = emulate(e, **requests, seen);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("no memory for the weights of model") == 0);
}
