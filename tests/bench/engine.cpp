// The emulator: segments that complete per second on one core, by policy, each through the run queue and the event
// queue.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "metadata/measured_models.hpp"
#include "scheduling/cluster_file.hpp"
#include "scheduling/emulator/emulator.hpp"
#include "scheduling/workloads/open_loop.hpp"
#include "tests/bench/measure.hpp"

using namespace baton;
using bench::must;

namespace {

constexpr std::uint64_t requests = 20'000;

scheduling::emulation eight_gpus(const std::string& policy) {
  scheduling::emulation e;
  e.where = std::make_shared<const scheduling::cluster_description>(must(scheduling::parse_cluster(
      R"({"nodes": [{"name": "a", "devices": [{"kind": "RTX 2060", "count": 4}, {"kind": "GTX 1080 Ti", "count": 4}]}]})")));
  for (const auto& m : metadata::measured_models())
    e.models.push_back(m);
  e.policy = policy;
  e.quantum = {}; // a segment per layer
  return e;
}

int measure() {
  std::printf("%llu requests of three models on 8 GPUs, 80%% of what they can do, a segment per layer\n",
              static_cast<unsigned long long>(requests));
  std::vector<bench::bench_case> cases;
  std::vector<std::uint64_t> segments;
  auto names = scheduling::policy_names();
  names.push_back("fifo"); // A/A
  for (const auto name : names) {
    const auto policy = segments.size();
    segments.push_back(0);
    cases.push_back({std::string(name), [e = eight_gpus(std::string(name)), policy, &segments] {
                       scheduling::workloads::open_loop loop{.intervals = {.mean = std::chrono::microseconds(350)},
                                                             .phases = {},
                                                             .mix = {{.model = 0}, {.model = 1}, {.model = 2}},
                                                             .span = {.requests = requests}};
                       const auto asked = must(scheduling::workloads::make(loop, 1));
                       scheduling::observer nobody;
                       const auto start = std::chrono::steady_clock::now();
                       segments[policy] = must(scheduling::emulate(e, *asked, nobody)).segments;
                       return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
                     }});
  }
  const auto times = bench::interleave(cases, bench::rounds_wanted(15));
  const auto last = cases.size() - 1;
  const auto again = bench::summarise(bench::ratios(times[last], times.front()));
  std::printf("  A/A, fifo over fifo: %.3f [%.3f, %.3f]\n", again.median, again.low, again.high);
  for (std::size_t i = 0; i < last; ++i) {
    const auto s = bench::summarise(times[i]);
    const auto rate = [&](double seconds) { return static_cast<double>(segments[i]) / seconds / 1e6; };
    std::printf("  %-10s %8llu segments, %.2f M/s [%.2f, %.2f]\n", cases[i].name.c_str(),
                static_cast<unsigned long long>(segments[i]), rate(s.median), rate(s.high), rate(s.low));
    bench::print_figure("engine." + cases[i].name, rate(s.median), "M/s", cases[i].name == "fifo" ? ">= 5" : "");
  }
  return 0;
}

} // namespace

int main() {
  try {
    return measure();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "engine: %s\n", e.what());
    return 1;
  }
}
