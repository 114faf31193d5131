// What HTTP costs: a tiny CNN at concurrency 1, 8 and 64 through the door, binary and JSON, beside direct calls.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <spdlog/spdlog.h>

#include "apps/catalog.hpp"
#include "apps/http/server.hpp"
#include "tests/bench/http_client.hpp"
#include "tests/bench/measure.hpp"

namespace {

using namespace baton;
using bench::give_up;
using bench::outcome;
using bench::way;
using clock_type = bench::http_clock;

// -- direct calls -----------------------------------------------------------------------------------------------------

outcome run_direct(actors::runtime& runtime, metadata::model_id model, std::uint32_t concurrency) {
  auto input = bench::image();
  std::unordered_map<metadata::request_id, clock_type::time_point> open;
  auto ask = [&] {
    actors::request r;
    r.model = model;
    r.inputs = {input};
    auto now = clock_type::now();
    open.emplace(runtime.submit(std::move(r)).value(), now);
  };
  std::vector<double> latencies;
  auto begun = clock_type::now();
  auto end = begun + bench::http_slice;
  for (std::uint32_t i = 0; i < concurrency; ++i)
    ask();
  while (!open.empty()) {
    auto d = runtime.results().pop(std::chrono::seconds{10});
    if (!d || d->failure != errc::none)
      give_up("a direct call failed");
    auto node = open.extract(d->request);
    latencies.push_back(bench::us_since(node.mapped()));
    if (clock_type::now() < end)
      ask();
  }
  return bench::summary_of(std::move(latencies), clock_type::now() - begun);
}

// -- measuring --------------------------------------------------------------------------------------------------------

double cpu_us() {
  rusage u{};
  ::getrusage(RUSAGE_SELF, &u);
  auto us = [](const timeval& t) { return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec); };
  return us(u.ru_utime) + us(u.ru_stime);
}

struct samples {
  std::vector<double> rate, p99, cpu;
};

std::unique_ptr<actors::runtime> start_runtime(metadata::duration backlog) {
  actors::runtime_options o;
  o.backlog = backlog;
  o.devices = gpu::parse_devices("cpu:1").value();
  auto r = actors::runtime::start(std::move(o));
  if (!r)
    give_up(r.error().message);
  return std::move(*r);
}

void report(const std::string& name, const samples& s, const std::string& goal) {
  auto rate = bench::summarise(s.rate), p99 = bench::summarise(s.p99), cpu = bench::summarise(s.cpu);
  std::printf("%-18s %8.0f requests/s [%.0f, %.0f]   p99 %7.0f us [%.0f, %.0f]   CPU %6.1f us/request [%.1f, %.1f]\n",
              name.c_str(), rate.median, rate.low, rate.high, p99.median, p99.low, p99.high, cpu.median, cpu.low,
              cpu.high);
  bench::print_figure("http." + name + ".rate", rate.median, "requests/s");
  bench::print_figure("http." + name + ".p99", p99.median, "us");
  bench::print_figure("http." + name + ".cpu", cpu.median, "us", goal);
}

int measure(const char* repository) {
  bench::client_process client; // before there are threads
  spdlog::set_level(spdlog::level::warn);
  constexpr auto backlog = scheduling::defaults::backlog;
  auto direct = start_runtime(backlog), no_line = start_runtime({}), behind = start_runtime(backlog);
  auto load = [&](actors::runtime& into) {
    apps::catalog_options options;
    options.load.directory = repository;
    auto c = apps::catalog::open(into, std::move(options));
    if (!c)
      give_up(c.error().message);
    (*c)->start();
    (*c)->wait_started();
    return std::move(*c);
  };
  auto of_direct = load(*direct), of_no_line = load(*no_line), models = load(*behind);
  auto number = [&](apps::catalog& c) {
    auto found = c.find(bench::http_model);
    if (!found)
      give_up(std::string{"the model is not in "} + repository);
    return (*found)->id;
  };
  struct direct_way {
    actors::runtime& into;
    metadata::model_id model;
  };
  const direct_way with_line{*direct, number(*of_direct)}, without{*no_line, number(*of_no_line)};
  number(*models);
  apps::http::server_options options;
  options.port = 0;
  auto server = apps::http::server::open(options, *behind, *models).value();
  std::thread door{[&] { server->run(); }};

  std::map<std::string, samples> measured;
  std::vector<bench::bench_case> cases;
  std::vector<std::pair<std::string, std::uint32_t>> names;
  for (std::uint32_t concurrency : {1U, 8U, 64U})
    for (const auto& [name, how] : {std::pair{"direct", way::direct},
                                    {"direct_no_line", way::direct},
                                    {"binary", way::binary},
                                    {"binary_again", way::binary},
                                    {"json", way::json}}) {
      const auto& d = std::string_view{name} == "direct" ? with_line : without;
      auto full = std::string{name} + "." + std::to_string(concurrency);
      names.emplace_back(full, concurrency);
      cases.push_back({full, [&, full, how = how, concurrency] {
                         auto before = cpu_us();
                         auto r = how == way::direct ? run_direct(d.into, d.model, concurrency)
                                                     : client.run({how, server->port(), concurrency});
                         auto& s = measured[full];
                         s.rate.push_back(r.requests / r.seconds);
                         s.p99.push_back(r.p99);
                         s.cpu.push_back((cpu_us() - before) / r.requests);
                         return r.seconds / r.requests;
                       }});
    }
  bench::interleave(cases, bench::rounds_wanted(15));
  for (const auto& [name, concurrency] : names)
    report(name, measured[name], name == "binary.64" ? "<= 40" : "");
  for (auto concurrency : {"1", "8", "64"}) {
    auto of = [&](const std::string& name) -> const samples& { return measured[name + "." + concurrency]; };
    std::printf("CPU per request at %s:", concurrency);
    for (const auto& [one, other] : {std::pair{"binary_again", "binary"},
                                     {"json", "binary"},
                                     {"direct", "binary"},
                                     {"direct", "direct_no_line"}}) {
      auto ratio = bench::summarise(bench::ratios(of(one).cpu, of(other).cpu));
      std::printf(" %s/%s %.3f [%.3f, %.3f]", one, other, ratio.median, ratio.low, ratio.high);
    }
    std::printf("\n");
  }
  server->stop();
  door.join();
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  try {
    return measure(argc > 1 ? argv[1] : "demo/models");
  } catch (const std::exception& e) {
    std::fprintf(stderr, "http: %s\n", e.what());
    return 1;
  }
}
