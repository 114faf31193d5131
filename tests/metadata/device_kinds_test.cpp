#include <catch2/catch.hpp>

#include "metadata/device_kinds.hpp"
#include "metadata/measured_models.hpp"
#include "metadata/measured_times.hpp"
#include "metadata/rate.hpp"

using namespace baton;
using namespace baton::metadata;

TEST_CASE("a device kind is found however it is written", "[metadata]") {
  for (const auto* name :
       {"GTX 1080 Ti", "gtx1080ti", "GTX-1080-Ti", "GeForce GTX 1080 Ti", "nvidia geforce gtx_1080_ti"})
    CHECK(find_device_kind(name).value()->name == "GTX 1080 Ti");
  CHECK(find_device_kind("Tesla V100").value()->name == "V100");
  for (const auto& k : device_kinds())
    CHECK(find_device_kind(k.name).value() == &k);
}

TEST_CASE("an unknown device kind is answered by those there are", "[metadata]") {
  for (const auto* name : {"", "GTX 1080", "nvidia", "V1000"}) {
    const auto kind = find_device_kind(name);
    REQUIRE_FALSE(kind);
    CHECK(kind.error().code == errc::not_found);
    CHECK(kind.error().message
          == "there is no device kind '" + std::string(name)
                 + "'; there are GTX 1080 Ti, RTX 2060, RTX 3080, V100, A100, H100, H200, L4");
  }
}

TEST_CASE("every device kind is described in full", "[metadata]") {
  for (const auto& k : device_kinds()) {
    INFO(k.name);
    CHECK(k.fp32 >= 6'000'000'000'000);
    CHECK((k.tf32 == 0 || k.tf32 >= k.fp32));
    CHECK(k.bandwidth >= 300'000'000'000);
    CHECK(k.memory >= std::uint64_t{6} << 30);
    CHECK(k.multiprocessors >= 28);
    CHECK(k.launch > duration::zero());
    CHECK_FALSE(k.card.empty());
    CHECK_FALSE(k.source.empty());
    CHECK(k.host_bandwidth() < k.bandwidth);
  }
  // 16 lanes of 8 GT/s with 128b/130b: 15.754 GB/s, of which 80%
  CHECK(find_device_kind("RTX 2060").value()->host_bandwidth() / 1'000'000 == 12'603);
  CHECK(find_device_kind("H100").value()->host_bandwidth() / 1'000'000 == 50'412);
}

TEST_CASE("copies of whole models took longer than the link at its best", "[metadata]") {
  constexpr std::uint64_t resnet50_weights = std::uint64_t{25'557'032} * 4;
  for (const auto& run : measured_runs()) {
    const auto* kind = find_device_kind(run.kind).value();
    CHECK(run.host_to_device_ns > run.execution_ns / 2);
    if (run.model == "resnet50")
      CHECK(duration{run.host_to_device_ns} > time_of(resnet50_weights, kind->host_bandwidth()));
  }
}
