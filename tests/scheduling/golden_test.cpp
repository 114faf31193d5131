#include <map>
#include <string>

#include <catch2/catch.hpp>

#include "metadata/measured_models.hpp"
#include "scheduling/cluster_file.hpp"
#include "scheduling/emulator/emulator.hpp"
#include "scheduling/workloads/open_loop.hpp"

/// Whole schedules, as numbers: every build makes the same decisions, whatever the compiler and its optimisation. Where
/// a change means to decide otherwise, the new numbers are what the test prints.
using namespace baton;
using namespace baton::scheduling;

namespace {

/// Everything that is told of a run, as FNV-1a makes a number of it.
class digest final : public observer {
public:
  void worked(const work_record& w) override {
    for (const auto r : w.requests)
      take(r.value);
    take(static_cast<std::uint64_t>(w.what), w.model, w.first.layer, w.first.part, w.last.layer, w.last.part,
         w.device.value, w.lane.value, w.from.value, w.to.value, w.bytes, w.start.count(), w.end.count());
  }
  void ended(const request_record& r) override {
    take(r.request.value, r.end.count(), static_cast<std::uint64_t>(r.failure), r.device.value, r.taken.preemptions,
         r.taken.moves, r.spent.queued.count(), r.spent.computing.count(), r.spent.moving.count());
  }
  std::uint64_t value() const { return value_; }

private:
  template <class... T>
  void take(T... all) {
    (one(static_cast<std::uint64_t>(all)), ...);
  }
  void one(std::uint64_t x) {
    for (int byte = 0; byte < 8; ++byte, x >>= 8) {
      value_ ^= x & 0xff;
      value_ *= 0x100000001b3;
    }
  }

  std::uint64_t value_ = 0xcbf29ce484222325;
};

/// Three models that come in bursts to four unequal GPUs, one of two lanes; one model does not fit beside the others.
std::uint64_t schedule_of(const std::string& policy) {
  emulation e;
  auto where = parse_cluster(R"({"nodes": [{"name": "a", "devices": [
      {"kind": "RTX 2060"}, {"kind": "GTX 1080 Ti", "latency_scale": 0.5}, {"kind": "RTX 2060", "memory": "600 MB"},
      {"kind": "GTX 1080 Ti", "lanes": 2}]}]})");
  REQUIRE(where);
  e.where = std::make_shared<const cluster_description>(std::move(*where));
  for (const auto& m : metadata::measured_models())
    e.models.push_back(m);
  e.policy = policy;
  e.message_latency = std::chrono::microseconds(3);
  workloads::open_loop loop{.intervals = {.mean = std::chrono::microseconds(250)}, .phases = {}, .mix = {}, .span = {}};
  for (std::uint32_t i = 0; i < 3; ++i)
    loop.mix.push_back(
        {.model = i, .priority = static_cast<std::int32_t>(i), .slo = std::chrono::milliseconds(50 - 15 * i)});
  loop.span.requests = 400;
  auto requests = workloads::make(loop, 20261127);
  REQUIRE(requests);
  digest seen;
  const auto done = emulate(e, **requests, seen);
  REQUIRE(done);
  return seen.value();
}

} // namespace

TEST_CASE("the same seed gives the same schedule in every build", "[scheduling]") {
  const std::map<std::string, std::uint64_t> known{
      {"best", 0xfe0359e8a4ebae56},
      {"cellular_batching", 0xf0c85c13f239d916},
      {"clockwork", 0xd3288e2dabc419e3},
      {"clockwork:8", 0xf0c85c13f239d916},
      {"contention_aware", 0x874308d48773aa0a},
      {"edf", 0xd3288e2dabc419e3},
      {"fifo", 0x4f073d501522e7aa},
      {"fixed_window", 0x640a90a4b5aaadac},
      {"fixed_window:4:500", 0x10586d1c7bcbd4f6},
      {"lazy_batching", 0x35b0abe669b130dd},
      {"lazy_batching:4:sjf", 0x898bf5a69a4e602c},
      {"marginal", 0xffb94c07b4264808},
      {"marginal:makespan", 0x47b8978f2b045604},
      {"marginal:mean_latency", 0x8601b8905d91f14f},
      {"marginal:slo", 0xffb94c07b4264808},
      {"marginal:slo:8", 0xd05bf587cbc77335},
      {"naive", 0xf6b8e35c3d4b3b75},
      {"non_naive", 0x5d09d626464c0cd6},
      {"priority", 0x6a893c22a141093e},
      {"sjf", 0x9e23309e788d2240},
  };
  auto policies = policy_names();
  policies.insert(policies.end(), {"clockwork:8", "marginal:slo:8", "lazy_batching:4:sjf", "fixed_window:4:500"});
  for (const auto name : policies) {
    const std::string policy(name);
    const auto seen = schedule_of(policy);
    UNSCOPED_INFO("{\"" << policy << "\", 0x" << std::hex << seen << "},");
    CHECK((known.contains(policy) ? known.at(policy) : 0) == seen);
  }
}
