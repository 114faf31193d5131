#include <chrono>
#include <fstream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "apps/program.hpp"
#include "scheduling/engine_log.hpp"

namespace baton::apps {

namespace {

struct replay_options {
  std::string file;
  bool print = false;
};

void print_event(const scheduling::event& e, scheduling::time_point now, const scheduling::actions& done) {
  auto ms = std::chrono::duration<double, std::milli>(now).count();
  fmt::print("{:14.6f} ms  {}\n", ms, scheduling::to_text(e));
  for (const auto& a : done)
    fmt::print("                    -> {}\n", scheduling::to_text(a));
}

int replay(const replay_options& o) {
  std::ifstream in{o.file};
  if (!in)
    return report({errc::io, fmt::format("engine log '{}' cannot be opened", o.file)});
  auto next_line = [&](std::string& line) { return static_cast<bool>(std::getline(in, line)); };
  auto result = o.print ? scheduling::replay(next_line, print_event) : scheduling::replay(next_line);
  if (in.bad())
    return report({errc::io, fmt::format("engine log '{}' could not be read to its end", o.file)});
  if (!result) // as `io`, whatever it is: a log that makes no sense is no mistake on the command line
    return report({errc::io, fmt::format("engine log '{}': {}", o.file, result.error().message)});
  fmt::print("{} events replayed{}\n", result->events,
             result->complete ? "" : "; the log stopped before its engine did");
  if (result->first_difference != 0) {
    fmt::print("first difference: line {}: the log says {}, the replay did {}\n", result->first_difference,
               result->expected_digest, result->actual);
    return exit_code::failed;
  }
  fmt::print("no difference: every event caused the same actions again\n");
  return exit_code::ok;
}

} // namespace

void add_trace_command(CLI::App& app, chosen_command& chosen) {
  auto* trace = app.add_subcommand("trace", "Look at what a run has recorded");
  trace->require_subcommand(1);
  trace->footer("Example:\n  baton trace replay engine.log");
  auto* command =
      trace->add_subcommand("replay", "Run an engine log's events through a fresh engine and compare its actions with\n"
                                      "those of the log; exit code 1 if they differ");
  command->footer("Examples:\n"
                  "  baton trace replay engine.log\n"
                  "  baton trace replay engine.log --print | less");
  auto o = std::make_shared<replay_options>();
  command->add_option("LOG", o->file, "A file written by `--engine-log` of `baton serve` or `baton run`")->required();
  command->add_flag("--print", o->print, "Print every event and the actions it caused");
  command->callback([o, &chosen] { chosen = [o] { return replay(*o); }; });
}

} // namespace baton::apps
