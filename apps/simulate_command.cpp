#include <cstdio>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "apps/program.hpp"
#include "apps/progress.hpp"
#include "apps/simulate/goodput.hpp"
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
  double goodput = 0; ///< percent; 0: not asked for
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

expected<void> write_html(const simulate_options& o, const simulate::sweep& s,
                          const std::vector<simulate::outcomes>& of) {
  std::vector<simulate::story> told;
  const auto& last = s.runs.back();
  for (const auto& policy : last.policies)
    if (auto ran = simulate::run_one(last, policy, last.first_seed, &told.emplace_back(last.what)); !ran)
      return tl::unexpected(ran.error());
  return write_text_file(o.html, simulate::html_page(s, of, told));
}

expected<void> simulate_all(const simulate_options& o) {
  const auto s = simulate::make_sweep(o.inputs);
  if (!s)
    return tl::unexpected(s.error());
  const auto& any = s->runs.front();
  const auto runs = s->runs.size() * any.policies.size() * any.seeds;
  expected<std::vector<simulate::outcomes>> results;
  {
    progress bar{stderr, "simulate"};
    std::size_t ended = 0;
    results = simulate::run_all(s->runs, [&] {
      ++ended;
      bar.update(static_cast<double>(ended) / static_cast<double>(runs), fmt::format("{} of {} runs", ended, runs));
    });
  }
  if (!results)
    return tl::unexpected(results.error());
  fmt::print("{}", simulate::comparison_table(*s, *results));
  if (any.seeds > 1)
    fmt::print("Means of {} seeds and 95% intervals.\n", any.seeds);
  if (!o.csv.empty())
    if (auto written = write_text_file(o.csv, simulate::comparison_csv(*s, *results)); !written)
      return written;
  if (!o.json.empty())
    if (auto written = write_text_file(o.json, simulate::comparison_json(*s, *results)); !written)
      return written;
  if (!o.html.empty())
    if (auto written = write_html(o, *s, *results); !written)
      return written;
  return o.schedule.empty() ? expected<void>{} : write_schedule(o, s->runs.back());
}

expected<void> find_goodput(const simulate_options& o) {
  if (!o.html.empty() || !o.schedule.empty())
    return fail(errc::bad_argument, "--goodput: --html and --schedule need one rate or a list of rates");
  const auto s = simulate::goodput_search::make(o.inputs, o.goodput);
  if (!s)
    return tl::unexpected(s.error());
  expected<std::vector<simulate::goodput>> found;
  {
    progress bar{stderr, "goodput"};
    std::size_t ended = 0;
    found = s->run([&] {
      ++ended;
      bar.update(static_cast<double>(ended) / static_cast<double>(s->searches()),
                 fmt::format("{} of {} searches", ended, s->searches()));
    });
  }
  if (!found)
    return tl::unexpected(found.error());
  fmt::print("{}Highest rate at which {:g}% of the requests are in time", simulate::goodput_table(*found), o.goodput);
  fmt::print("{}.\n", s->seeds() > 1 ? fmt::format(": means of {} seeds and 95% intervals", s->seeds()) : "");
  if (!o.csv.empty())
    if (auto written = write_text_file(o.csv, simulate::goodput_csv(*found, o.inputs.seed)); !written)
      return written;
  return o.json.empty() ? expected<void>{} : write_text_file(o.json, simulate::goodput_json(*found, o.goodput));
}

int run(const simulate_options& o) {
  const auto done = o.scenario == "seed" ? simulate::seed_study(o.inputs.seeds, o.inputs.seed, o.csv)
                    : o.goodput > 0      ? find_goodput(o)
                                         : simulate_all(o);
  return done ? exit_code::ok : report(done.error());
}

} // namespace

void add_simulate_command(CLI::App& app, chosen_command& chosen) {
  auto* command =
      app.add_subcommand("simulate", "Run a workload on a cluster that is not here, under several policies");
  command->footer(
      "Examples:\n"
      "  baton simulate --cluster cluster.json --model AlexNet --model ResNet --rate 200 --policy fifo,sjf --slo 5\n"
      "  baton simulate --cluster cluster.json --model model.onnx --arrivals gamma --cv 1,4 --rate 100:500:100 --seeds "
      "20\n"
      "  baton simulate --cluster cluster.json --model AlexNet --slo 5 --policy edf,clockwork,oracle --goodput 99\n"
      "  baton simulate --scenario seed --seeds 20");
  auto o = std::make_shared<simulate_options>();
  simulate::add_input_options(*command, o->inputs);
  command->add_option("--scenario", o->scenario, "A study that comes with the program: seed")
      ->check(CLI::IsMember({"seed"}));
  command
      ->add_option(
          "--goodput", o->goodput,
          "Look for the highest rate at which so many percent of the requests meet their deadline (--slo), of\n"
          "each policy; beside these, the policy oracle is a bound for all that run each request alone")
      ->check(CLI::Range(1.0, 100.0))
      ->type_name("PERCENT");
  command
      ->add_option("--schedule", o->schedule,
                   "Write all that lanes and links did, of the first policy and seed and the last swept values, as CSV")
      ->type_name("FILE");
  command->add_option("--csv", o->csv, "Write the figures of all runs as CSV")->type_name("FILE");
  command->add_option("--json", o->json, "Write what was simulated and the figures as JSON")->type_name("FILE");
  command->add_option("--html", o->html, "Write the figures and plots as a page for a browser")->type_name("FILE");
  command->callback([o, &chosen] { chosen = [o] { return run(*o); }; });
}

} // namespace baton::apps
