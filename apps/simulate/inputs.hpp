#pragma once

#include <string>
#include <vector>

#include "apps/simulate/requests.hpp"
#include "apps/simulate/simulation.hpp"

namespace CLI {
class App;
}

namespace baton::apps::simulate {

/// What the command line says of a simulation.
struct input_options {
  std::string clusters;            ///< files
  std::vector<std::string> models; ///< names, files
  std::vector<std::string> profiles;
  std::vector<std::string> symbols;
  std::string policies = "fifo";
  std::string objective; ///< of `marginal`
  request_options requests;
  std::uint32_t seeds = 1;
  std::uint64_t seed = 1;
  long long quantum = 500;
  double message_latency_us = 0;
  double backlog_us = 0;
  double plan_building_ms = 0;
  bool cold = false;
  unsigned threads = 0;
};

void add_input_options(CLI::App& command, input_options& o);

/// The files of `--cluster`. Errors (`bad_argument`): there is none.
expected<std::vector<std::string>> clusters_of(const input_options& o);
/// Reads the files and puts a simulation together, but for its requests. Errors: `bad_argument`, `io`, naming option or
/// file.
expected<simulation> make_simulation(const input_options& o, const std::string& cluster);

} // namespace baton::apps::simulate
