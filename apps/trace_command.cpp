#include <chrono>
#include <fstream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "actors/trace/story.hpp"
#include "apps/policy_files.hpp"
#include "apps/program.hpp"
#include "apps/trace_chrome.hpp"
#include "apps/trace_listing.hpp"
#include "scheduling/engine_log.hpp"

namespace baton::apps {

namespace {

struct replay_options {
  std::string file;
  std::string policy;
  bool print = false;
};

void print_event(const scheduling::event& e, scheduling::time_point now, const scheduling::actions& done) {
  auto ms = std::chrono::duration<double, std::milli>(now).count();
  fmt::print("{:14.6f} ms  {}\n", ms, scheduling::to_text(e));
  for (const auto& a : done)
    fmt::print("                    -> {}\n", scheduling::to_text(a));
}

int replay(const replay_options& o) {
  if (auto opened = open_policies(o.policy); !opened)
    return report(opened.error());
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

struct export_options {
  std::string file, out;
  bool messages = false;
};

int export_chrome(const export_options& o) {
  auto c = actors::trace::read(o.file);
  if (!c)
    return report(c.error());
  const auto s = actors::trace::tell(*c);
  const auto to = o.out.empty() ? o.file + ".json" : o.out;
  std::ofstream out{to, std::ios::binary | std::ios::trunc};
  const auto events = out ? write_chrome_trace(out, *c, s, o.messages) : 0;
  out.close();
  if (!out)
    return report({errc::io, fmt::format("'{}' cannot be written", to)});
  fmt::print("{}\n{} events in '{}': open it in ui.perfetto.dev\n", trace_summary(*c, s), events, to);
  return exit_code::ok;
}

int summarize(const std::string& file) {
  auto c = actors::trace::read(file);
  if (!c)
    return report(c.error());
  fmt::print("{}", trace_summary(*c, actors::trace::tell(*c)));
  return exit_code::ok;
}

struct listing_options {
  std::string file;
  std::uint64_t request = 0, task = 0; ///< 0: not said
};

int list_messages(const listing_options& o) {
  auto c = actors::trace::read(o.file);
  if (!c)
    return report(c.error());
  const auto s = actors::trace::tell(*c);
  const metadata::request_id request{o.request};
  const metadata::task_id task{o.task};
  if (o.request != 0 && !s.requests.contains(request))
    return report({errc::not_found, fmt::format("trace '{}' has no request {}", o.file, o.request)});
  if (o.task != 0 && !s.members.contains(task))
    return report({errc::not_found, fmt::format("trace '{}' has no task {}", o.file, o.task)});
  fmt::print("{}", message_table(*c, s,
                                 {o.request != 0 ? std::optional{request} : std::nullopt,
                                  o.task != 0 ? std::optional{task} : std::nullopt}));
  return exit_code::ok;
}

void add_replay(CLI::App& trace, chosen_command& chosen) {
  auto* command =
      trace.add_subcommand("replay", "Run an engine log's events through a fresh engine and compare its actions with\n"
                                     "those of the log; exit code 1 if they differ");
  command->footer("Examples:\n"
                  "  baton trace replay engine.log\n"
                  "  baton trace replay engine.log --print | less");
  auto o = std::make_shared<replay_options>();
  command->add_option("LOG", o->file, "A file written by `--engine-log` of `baton serve` or `baton run`")->required();
  command->add_option("--policy", o->policy, "The file of a policy of your own that the log is of")->type_name("FILE");
  command->add_flag("--print", o->print, "Print every event and the actions it caused");
  command->callback([o, &chosen] { chosen = [o] { return replay(*o); }; });
}

constexpr auto trace_file_help = "A file written by `--trace` of `baton serve` or `baton run`";

void add_export(CLI::App& trace, chosen_command& chosen) {
  auto* command = trace.add_subcommand(
      "export", "Write a trace as JSON for ui.perfetto.dev or chrome://tracing: what each device ran, copies, jobs,\n"
                "requests; then print its summary");
  command->footer("Examples:\n"
                  "  baton trace export run.trace\n"
                  "  baton trace export run.trace -o run.json --messages");
  auto o = std::make_shared<export_options>();
  command->add_option("FILE", o->file, trace_file_help)->required();
  command->add_option("-o,--output", o->out, "The JSON file; FILE.json if not said");
  command->add_flag("--messages", o->messages,
                    "Show every message: what handled it when, and an arrow from its sender");
  command->callback([o, &chosen] { chosen = [o] { return export_chrome(*o); }; });
}

void add_summary(CLI::App& trace, chosen_command& chosen) {
  auto* command = trace.add_subcommand("summary", "Print how much of what a trace holds, and how busy each device was");
  command->footer("Example:\n  baton trace summary run.trace");
  auto file = std::make_shared<std::string>();
  command->add_option("FILE", *file, trace_file_help)->required();
  command->callback([file, &chosen] { chosen = [file] { return summarize(*file); }; });
}

void add_messages(CLI::App& trace, chosen_command& chosen) {
  auto* command = trace.add_subcommand(
      "messages", "Print the messages of a trace in order of time: sent when, how long in the receiver's mailbox, how\n"
                  "long handled, and what became of each");
  command->footer("Examples:\n"
                  "  baton trace messages run.trace --request 17\n"
                  "  baton trace messages run.trace --task 3");
  auto o = std::make_shared<listing_options>();
  command->add_option("FILE", o->file, trace_file_help)->required();
  auto* request = command->add_option("--request", o->request, "Only those of this request and its tasks")
                      ->check(CLI::Range(std::uint64_t{1}, UINT64_MAX));
  command->add_option("--task", o->task, "Only those of this task")
      ->check(CLI::Range(std::uint64_t{1}, UINT64_MAX))
      ->excludes(request);
  command->callback([o, &chosen] { chosen = [o] { return list_messages(*o); }; });
}

} // namespace

void add_trace_command(CLI::App& app, chosen_command& chosen) {
  auto* trace = app.add_subcommand("trace", "Look at what a run has recorded");
  trace->require_subcommand(1);
  trace->footer("Examples:\n"
                "  baton run model.onnx --trace run.trace\n"
                "  baton trace export run.trace\n"
                "  baton trace replay engine.log");
  add_export(*trace, chosen);
  add_summary(*trace, chosen);
  add_messages(*trace, chosen);
  add_replay(*trace, chosen);
}

} // namespace baton::apps
