#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "scheduling/emulator/emulator.hpp"

/// `baton simulate`: the same requests on the same cluster under several policies, with several seeds.
namespace baton::apps::simulate {

using metadata::duration;
using metadata::time_point;

struct simulation {
  scheduling::emulation what; ///< but for its policy
  std::vector<std::string> policies;
  std::uint32_t seeds = 1;
  std::uint64_t first_seed = 1;
  unsigned threads = 0; ///< runs at once; 0: as many as there are processors
  std::function<expected<scheduling::workloads::workload_ptr>(std::uint64_t seed)> requests;
};

/// What came of one policy with one seed.
struct outcome {
  std::uint64_t requests = 0;
  std::uint64_t answered = 0;
  std::uint64_t in_time = 0; ///< answered before the deadline, or without one
  std::uint64_t preemptions = 0;
  std::uint64_t moves = 0;
  std::uint64_t evictions = 0;
  duration makespan{}; ///< from time 0 to the end of the last request
  /// From arrival to result, of the answered ones.
  duration mean{};
  duration p50{};
  duration p99{};
  double busy = 0; ///< share of the makespan that lanes computed, mean of all lanes
  std::uint64_t segments = 0;
  std::uint64_t events = 0;
};

/// Runs one, and tells `also` what happens. Errors: those of the workload and of `emulate`.
expected<outcome> run_one(const simulation& s, const std::string& policy, std::uint64_t seed,
                          scheduling::observer* also = nullptr);

using outcomes = std::vector<std::vector<outcome>>; ///< by policy and seed

/// Runs all, on all cores. `done` is told of each run from any thread, one at a time.
expected<outcomes> run_all(const simulation& s, const std::function<void()>& done);
/// Of several simulations with the same policies and seeds.
expected<std::vector<outcomes>> run_all(std::span<const simulation> of, const std::function<void()>& done);

/// Mean of some samples and half the width of its 95% interval (Student's t; 0 with one sample).
struct estimate {
  double mean = 0;
  double half_width = 0;
};
estimate estimate_of(const std::vector<double>& samples);

} // namespace baton::apps::simulate
