// What metrics and the phases of a request cost: nanoseconds per request to record, microseconds to ask for all of
// them.
#include <chrono>
#include <cstdio>

#include "apps/metrics.hpp"
#include "tests/bench/measure.hpp"

using namespace baton;
using namespace std::chrono_literals;

namespace {

constexpr int records = 100'000, scrapes = 20;

template <class Work>
double seconds(const Work& work) {
  auto begun = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

} // namespace

int main() {
  actors::runtime_options options;
  options.devices = gpu::parse_devices("cpu:2").value();
  auto runtime = actors::runtime::start(options);
  if (!runtime) {
    std::fprintf(stderr, "%s\n", runtime.error().message.c_str());
    return 1;
  }
  apps::metrics m;
  for (int i = 0; i < 20; ++i)
    m.of("model_" + std::to_string(i), 1);
  actors::done d;
  d.total = 520us;
  d.queued = 12us;
  d.computing = 431us;
  auto record = [&] {
    return seconds([&] {
      for (int i = 0; i < records; ++i) {
        m.of("model_7", 1).succeeded(d, 1);
        m.answered(200);
      }
    });
  };
  auto scrape = [&] {
    return seconds([&] {
      for (int i = 0; i < scrapes; ++i)
        if (m.text(**runtime).empty())
          std::exit(1);
    });
  };
  auto samples =
      bench::interleave({{"record", record}, {"record again", record}, {"scrape", scrape}}, bench::rounds_wanted(20));
  auto report = [](const char* name, const std::vector<double>& of, double scale, const char* unit) {
    auto s = bench::summarise(of);
    std::printf("%-14s %9.1f %s, 95%% interval %.1f to %.1f\n", name, s.median * scale, unit, s.low * scale,
                s.high * scale);
    return s.median * scale;
  };
  auto ns = report("record", samples[0], 1e9 / records, "ns");
  report("record again", samples[1], 1e9 / records, "ns");
  auto us = report("scrape", samples[2], 1e6 / scrapes, "us");
  bench::print_figure("metrics.record", ns, "ns", "<= 1000");
  bench::print_figure("metrics.scrape_20_models", us, "us");
}
