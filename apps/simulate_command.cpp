#include <cstdio>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "apps/program.hpp"
#include "apps/progress.hpp"
#include "apps/simulate/html.hpp"
#include "apps/simulate/inputs.hpp"
#include "apps/simulate/report.hpp"
#include "apps/simulate/seed_study.hpp"
#include "apps/text_file.hpp"

namespace baton::apps {
namespace {

struct simulate_options {
  simulate::input_options inputs;
  std::string scenario;
  std::string schedule;
  std::string csv;
  std::string json;
  std::string html;
};

expected<void> write_schedule(const simulate_options& o, const simulate::simulation& s) {
  auto writer = simulate::schedule_writer::open(o.schedule, s.what);
  if (!writer)
    return tl::unexpected(writer.error());
  if (auto ran = simulate::run_one(s, s.policies.front(), s.first_seed, writer->get()); !ran)
    return tl::unexpected(ran.error());
  return (*writer)->close();
}

expected<void> write_html(const simulate_options& o, const simulate::simulation& s, const simulate::outcomes& of) {
  std::vector<simulate::story> told;
  for (const auto& policy : s.policies)
    if (auto ran = simulate::run_one(s, policy, s.first_seed, &told.emplace_back(s.what)); !ran)
      return tl::unexpected(ran.error());
  return write_text_file(o.html, simulate::html_page(s, of, told));
}

expected<void> simulate_all(const simulate_options& o) {
  const auto s = simulate::make_simulation(o.inputs);
  if (!s)
    return tl::unexpected(s.error());
  const auto runs = s->policies.size() * s->seeds;
  expected<simulate::outcomes> results;
  {
    progress bar{stderr, "simulate"};
    std::size_t ended = 0;
    results = simulate::run_all(*s, [&] {
      ++ended;
      bar.update(static_cast<double>(ended) / static_cast<double>(runs), fmt::format("{} of {} runs", ended, runs));
    });
  }
  if (!results)
    return tl::unexpected(results.error());
  fmt::print("{}", simulate::comparison_table(*s, *results));
  if (s->seeds > 1)
    fmt::print("Means of {} seeds and 95% intervals.\n", s->seeds);
  if (!o.csv.empty())
    if (auto written = write_text_file(o.csv, simulate::comparison_csv(*s, *results)); !written)
      return written;
  if (!o.json.empty())
    if (auto written = write_text_file(o.json, simulate::comparison_json(*s, *results)); !written)
      return written;
  if (!o.html.empty())
    if (auto written = write_html(o, *s, *results); !written)
      return written;
  return o.schedule.empty() ? expected<void>{} : write_schedule(o, *s);
}

int run(const simulate_options& o) {
  const auto done = o.scenario == "seed" ? simulate::seed_study(o.inputs.seeds, o.inputs.seed, o.csv) : simulate_all(o);
  return done ? exit_code::ok : report(done.error());
}

} // namespace

void add_simulate_command(CLI::App& app, chosen_command& chosen) {
  auto* command =
      app.add_subcommand("simulate", "Run a workload on a cluster that is not here, under several policies");
  command->footer(
      "Examples:\n"
      "  baton simulate --cluster cluster.json --model AlexNet --model ResNet --rate 200 --policy fifo,sjf --slo 5\n"
      "  baton simulate --cluster cluster.json --model model.onnx --arrivals gamma --cv 4 --seeds 20\n"
      "  baton simulate --scenario seed --seeds 20");
  auto o = std::make_shared<simulate_options>();
  simulate::add_input_options(*command, o->inputs);
  command->add_option("--scenario", o->scenario, "A study that comes with the program: seed")
      ->check(CLI::IsMember({"seed"}));
  command
      ->add_option("--schedule", o->schedule,
                   "Write all that lanes and links did, of the first policy and seed, as CSV")
      ->type_name("FILE");
  command->add_option("--csv", o->csv, "Write the figures of all runs as CSV")->type_name("FILE");
  command->add_option("--json", o->json, "Write what was simulated and the figures as JSON")->type_name("FILE");
  command->add_option("--html", o->html, "Write the figures and plots as a page for a browser")->type_name("FILE");
  command->callback([o, &chosen] { chosen = [o] { return run(*o); }; });
}

} // namespace baton::apps
