#pragma once

#include <functional>
#include <string>
#include <vector>

#include "gpu/device_spec.hpp"
#include "metadata/error.hpp"

namespace CLI {
class App;
}

namespace baton::apps {

/// What the program's process ends with.
namespace exit_code {
inline constexpr int ok = 0;
inline constexpr int failed = 1; ///< it could not be done, or the answer is "no"
inline constexpr int usage = 2;  ///< the command line makes no sense
} // namespace exit_code

/// Runs the program `baton`.
int run_program(int argc, char** argv);

/// Says the error on stderr in one sentence; `usage` for `bad_argument`, else `failed`.
int report(const error& e);

/// What a subcommand that was chosen does; its result is the exit code.
using chosen_command = std::function<int()>;

// One per subcommand, each in the file of its name: adds itself to `app`, and sets `chosen` when it is the one.
void add_run_command(CLI::App& app, chosen_command& chosen);
void add_models_command(CLI::App& app, chosen_command& chosen);
void add_devices_command(CLI::App& app, chosen_command& chosen);
void add_serve_command(CLI::App& app, chosen_command& chosen);
void add_bench_command(CLI::App& app, chosen_command& chosen);
void add_simulate_command(CLI::App& app, chosen_command& chosen);
void add_trace_command(CLI::App& app, chosen_command& chosen);

/// Description of `--trace`.
inline constexpr auto trace_help =
    "Write every message, segment, copy and job with its times to this file, for `baton trace export`";

/// Description of `--policy`, with the names there are; `live`: of those that devices can carry out.
std::string policy_help(bool live = true);

/// Whether what `--quantum` says is within bounds. Errors: `bad_argument`.
expected<void> check_quantum(long long microseconds);

} // namespace baton::apps
