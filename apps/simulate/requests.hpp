#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "scheduling/emulator/emulator.hpp"

namespace CLI {
class App;
}

namespace baton::apps::simulate {

/// What the command line says of the requests of a simulation.
struct request_options {
  std::string arrivals = "poisson";
  std::string rates = "100";
  std::string cvs = "1";
  double zipf = 0;
  bool independent = false;
  double on_ms = 0;
  double off_ms = 0;
  std::uint32_t clients = 8;
  double think_ms = 0;
  std::string trace;
  std::string azure;
  std::uint32_t first_minute = 1;
  std::uint32_t minutes = 10;
  std::string loadgen;
  std::uint64_t requests = 1000;
  double seconds = 0;
  double slo = 0;
};

void add_request_options(CLI::App& command, request_options& o);

using request_maker = std::function<expected<scheduling::workloads::workload_ptr>(std::uint64_t seed)>;

/// How often requests come, where their number per second is asked for.
struct load {
  double rate = 0; ///< per second
  double cv = 1;   ///< of gamma's intervals
};

/// Whether requests come at a rate, and that rate is all that differs.
bool come_at_rate(const request_options& o);
/// The values of `--rate` and `--cv`. Errors (`bad_argument`): no numbers; several where nothing comes of them.
expected<std::vector<double>> rates_of(const request_options& o);
expected<std::vector<double>> cvs_of(const request_options& o);

/// Requests for the models of `what`. Errors: `bad_argument`, `io`, naming option or file.
expected<request_maker> make_requests(const request_options& o, const load& l, const scheduling::emulation& what);

} // namespace baton::apps::simulate
