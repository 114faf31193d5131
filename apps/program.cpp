#include "apps/program.hpp"

#include <cstdio>
#include <map>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "apps/log.hpp"
#include "scheduling/policy.hpp"

namespace baton::apps {

namespace {

const std::map<std::string, spdlog::level::level_enum> log_levels{{"debug", spdlog::level::debug},
                                                                  {"info", spdlog::level::info},
                                                                  {"warn", spdlog::level::warn},
                                                                  {"error", spdlog::level::err},
                                                                  {"off", spdlog::level::off}};
const std::map<std::string, log_format> log_formats{{"text", log_format::text}, {"json", log_format::json}};

int run(int argc, char** argv) {
  // Results go to stdout, logs to stderr.
  spdlog::set_default_logger(spdlog::stderr_color_mt("baton"));
  spdlog::set_formatter(make_log_formatter(log_format::text));
  spdlog::set_level(spdlog::level::info);

  CLI::App app{"Baton serves neural-network models on many devices, one layer at a time.", "baton"};
  app.set_version_flag("--version", "baton " BATON_VERSION);
  app.require_subcommand(1);
  app.footer("Examples:\n"
             "  baton run model.onnx --devices cpu:2 --move-after conv1\n"
             "  baton models show model.onnx\n"
             "  baton serve --models models --devices cpu:2\n"
             "`baton COMMAND --help` tells more.");
  std::string level = "info";
  app.add_option("--log-level", level, "What goes to the log on stderr: debug, info, warn, error or off")
      ->transform(CLI::IsMember(log_levels, CLI::ignore_case))
      ->capture_default_str();
  std::string format = "text";
  app.add_option("--log-format", format, "How: text, or json (one object a line)")
      ->transform(CLI::IsMember(log_formats, CLI::ignore_case))
      ->capture_default_str();

  chosen_command chosen;
  add_run_command(app, chosen);
  add_serve_command(app, chosen);
  add_models_command(app, chosen);
  add_devices_command(app, chosen);
  add_bench_command(app, chosen);
  add_simulate_command(app, chosen);
  add_trace_command(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? exit_code::ok : exit_code::usage;
  }
  spdlog::set_level(log_levels.at(level));
  spdlog::set_formatter(make_log_formatter(log_formats.at(format)));
  return chosen ? chosen() : exit_code::usage;
}

} // namespace

int run_program(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& e) {
    fmt::print(stderr, "baton: unexpected failure: {}\n", e.what());
    return exit_code::failed;
  }
}

/// Names of models and files go into it as they are: a terminal must not obey them.
int report(const error& e) {
  constexpr std::size_t most = 4000;
  std::fflush(stdout);
  auto text = without_controls(e.message.empty() ? to_string(e.code) : std::string_view{e.message});
  if (text.size() > most)
    text = text.substr(0, most) + " ...";
  fmt::print(stderr, "baton: {}\n", text);
  return e.code == errc::bad_argument ? exit_code::usage : exit_code::failed;
}

std::string policy_help(bool live) {
  auto names = scheduling::policy_names();
  if (live)
    std::erase_if(names, [](auto name) { return scheduling::make_policy(name)->most_rows() > 1; });
  return fmt::format("Scheduling policy: {}, or the file of one of your own, as in ./mine.so", fmt::join(names, ", "));
}

expected<void> check_quantum(long long microseconds) {
  constexpr long long longest = 60'000'000; // a minute: beyond it the runtime would not get a word in
  if (microseconds < 0 || microseconds > longest)
    return fail(errc::bad_argument, fmt::format("--quantum {} is not between 0 and {} us", microseconds, longest));
  return {};
}

} // namespace baton::apps
