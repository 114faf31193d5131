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
  workloads::open_loop loop{.intervals = {.mean = std::chrono::microseconds(700)}, .phases = {}, .mix = {}, .span = {}};
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
      {"best", 0xff3d9c7088de6ba5},
      {"cellular_batching", 0x31f8e6b31d9250ab},
      {"clockwork", 0x31f8e6b31d9250ab},
      {"contention_aware", 0xb765921f7e353864},
      {"edf", 0x31f8e6b31d9250ab},
      {"fifo", 0xb337706a46f06d01},
      {"fixed_window", 0xf6d82065e3096614},
      {"lazy_batching", 0x808bc6bb0f163e29},
      {"marginal", 0x9a8000cb8199c83c},
      {"marginal:makespan", 0x263b847cdf66413f},
      {"marginal:mean_latency", 0xef129857b88dc089},
      {"marginal:slo", 0x9a8000cb8199c83c},
      {"naive", 0x31f8e6b31d9250ab},
      {"non_naive", 0x4de5c7666e07a2d8},
      {"priority", 0x1d30029266fb3e97},
      {"sjf", 0x31f8e6b31d9250ab},
  };
  for (const auto name : policy_names()) {
    const std::string policy(name);
    const auto seen = schedule_of(policy);
    UNSCOPED_INFO("{\"" << policy << "\", 0x" << std::hex << seen << "},");
    REQUIRE(known.contains(policy));
    CHECK(known.at(policy) == seen);
  }
}
