#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "apps/device_options.hpp"
#include "apps/log.hpp"
#include "apps/plan_report.hpp"
#include "apps/precision_report.hpp"
#include "apps/program.hpp"
#include "apps/repository.hpp"
#include "apps/run_inputs.hpp"
#include "apps/symbols.hpp"
#include "apps/table.hpp"
#include "metadata/model_import.hpp"
#include "scheduling/defaults.hpp"

namespace baton::apps {

namespace {

constexpr auto model_file_help = "A model file: ONNX, or a list of layers (.json)";

struct show_options {
  std::string file;
  std::vector<std::string> symbols;
  bool plan = false;
  device_options devices;
  gpu::machine_options machine;
};

struct check_options {
  std::string file;
  std::vector<std::string> symbols;
  std::int64_t batch = 1;
  std::uint64_t seed = 1;
  device_options devices;
  gpu::machine_options machine;
};

/// Extents and counts as text: bound where values were given, else with the symbols' names.
class binder {
public:
  binder(const metadata::model& m, std::optional<metadata::symbol_values> values) : m_(m), values_(std::move(values)) {}

  std::string shape(metadata::value_index v) const {
    const auto& dims = m_.values()[v].shape;
    if (!values_)
      return shape_text(m_, dims);
    metadata::dims bound;
    for (const auto& d : dims)
      bound.emplace_back(d.bind(*values_));
    return shape_text(m_, bound);
  }
  template <class Human>
  std::string number(const metadata::dim& d, Human human) const {
    if (auto fixed = values_ ? std::optional{d.bind(*values_)} : d.constant())
      return human(static_cast<double>(*fixed));
    return d.to_string(m_.symbols());
  }

private:
  const metadata::model& m_;
  std::optional<metadata::symbol_values> values_;
};

std::uint64_t parameters_of(const metadata::model& m, const metadata::layer& l) {
  std::uint64_t sum = 0;
  for (auto v : l.inputs)
    if (v != metadata::none && m.values()[v].origin == metadata::value_origin::weight)
      sum += static_cast<std::uint64_t>(m.elements(v).constant().value_or(0));
  return sum;
}

std::string first_output(const metadata::layer& l, const binder& b) {
  for (auto v : l.outputs)
    if (v != metadata::none)
      return b.shape(v);
  return "";
}

void print_values(const char* what, const metadata::model& m, const std::vector<metadata::value_index>& which,
                  const binder& b) {
  for (auto v : which)
    fmt::print("{:<12}{} {} {}\n", what, m.values()[v].name, metadata::to_string(m.values()[v].type), b.shape(v));
}

void print(const metadata::model& m, const binder& b) {
  metadata::dim flops = 0;
  for (std::uint32_t i = 0; i < m.layers().size(); ++i)
    flops = flops + m.flops(i);
  fmt::print("{:<12}{}\n", "model", m.name());
  print_values("input", m, m.inputs(), b);
  print_values("output", m, m.outputs(), b);
  fmt::print("{:<12}{}\n", "symbols", m.symbols().empty() ? "none" : fmt::format("{}", fmt::join(m.symbols(), ", ")));
  fmt::print("{:<12}{}\n", "layers", m.layers().size());
  fmt::print("{:<12}{}\n", "parameters", with_separators(m.parameters()));
  fmt::print("{:<12}{}\n", "weights", human_bytes(static_cast<double>(m.weight_bytes())));
  fmt::print("{:<12}{}\n\n", "FLOPs", b.number(flops, human_count));

  using enum table::align;
  table t{{{"#", right},
           {"layer"},
           {"kind"},
           {"output"},
           {"parts", right},
           {"parameters", right},
           {"FLOPs", right},
           {"live bytes before", right}}};
  auto plain = [](double n) { return fmt::format("{:.0f}", n); };
  for (std::uint32_t i = 0; i < m.layers().size(); ++i) {
    const auto& l = m.layers()[i];
    t.add({std::to_string(i), l.name, std::string{metadata::kind_name(l.attributes)}, first_output(l, b),
           b.number(l.parts, plain), with_separators(parameters_of(m, l)), b.number(m.flops(i), human_count),
           b.number(m.live_bytes({i, 0}), human_bytes)});
  }
  fmt::print("{}", t.text());
  auto end = metadata::position{static_cast<std::uint32_t>(m.layers().size()), 0};
  fmt::print("Live bytes at the end: {}. A task that moves takes its live bytes along.\n",
             b.number(m.live_bytes(end), human_bytes));
}

int show_plan(show_options o, const std::shared_ptr<const metadata::model>& m, const symbol_map& named) {
  o.machine.cuts.longer_than = scheduling::defaults::quantum;
  const auto symbols = bind_symbols(*m, named, 1, 1);
  if (!symbols)
    return report(symbols.error());
  const auto devices = read_devices(o.devices, o.machine);
  if (!devices)
    return report(devices.error());
  const auto shown = report_plan(m, *symbols, *devices, o.machine);
  return shown ? exit_code::ok : report(shown.error());
}

int show(const show_options& o) {
  auto named = parse_symbols(o.symbols);
  if (!named)
    return report(named.error());
  auto m = metadata::import_model(o.file, model_name_of(o.file));
  if (!m)
    return report(m.error());
  if (o.plan)
    return show_plan(o, *m, *named);
  std::optional<metadata::symbol_values> values;
  if (!named->empty()) {
    auto bound = bind_symbols(**m, *named, 1, 1);
    if (!bound)
      return report(bound.error());
    values = std::move(*bound);
  }
  print(**m, binder{**m, std::move(values)});
  return exit_code::ok;
}

expected<void> check_precision(check_options o, const std::shared_ptr<const metadata::model>& m) {
  const auto symbols = parse_symbols(o.symbols);
  if (!symbols)
    return tl::unexpected(symbols.error());
  const auto inputs = make_inputs(*m, {.choices = {}, .batch = o.batch, .symbols = *symbols, .seed = o.seed});
  if (!inputs)
    return tl::unexpected(inputs.error());
  const auto devices = read_devices(o.devices, o.machine);
  if (!devices)
    return tl::unexpected(devices.error());
  return report_precision(m, inputs->tensors, *devices, o.machine, o.devices.precision);
}

int check(const check_options& o) {
  const auto& file = o.file;
  const auto checked = metadata::check_model(file, model_name_of(file));
  if (checked) {
    const auto& m = **checked;
    fmt::print("{} can be served: {} layers, {} parameters, {} of weights.\n", file, m.layers().size(),
               with_separators(m.parameters()), human_bytes(static_cast<double>(m.weight_bytes())));
    const binder free{m, std::nullopt};
    print_values("input", m, m.inputs(), free);
    print_values("output", m, m.outputs(), free);
    if (o.devices.precision == device_options{}.precision)
      return exit_code::ok;
    const auto compared = check_precision(o, *checked);
    return compared ? exit_code::ok : report(compared.error());
  }
  const auto& problems = checked.error();
  for (const auto& p : problems.list)
    fmt::print("{}{}\n", without_controls(p.what.message), p.times > 1 ? fmt::format(" ({} nodes)", p.times) : "");
  if (problems.left_out > 0)
    fmt::print("... and {} more\n", problems.left_out);
  std::fflush(stdout);
  const auto count = problems.list.size() + problems.left_out;
  fmt::print(stderr, "baton: {} cannot be served: {} problem{}\n", file, count, count == 1 ? "" : "s");
  return exit_code::failed;
}

} // namespace

void add_models_command(CLI::App& app, chosen_command& chosen) {
  auto* models = app.add_subcommand("models", "Look into model files");
  models->require_subcommand(1);
  models->footer("Examples:\n  baton models show model.onnx --symbol N=4\n  baton models check model.onnx");
  auto* command = models->add_subcommand(
      "show", "Show a model's inputs, outputs and layers: shapes, parameters, FLOPs, and the bytes that are live\n"
              "before each layer");
  command->footer("Examples:\n"
                  "  baton models show build/models/resnet50/1/model.onnx\n"
                  "  baton models show model.onnx --symbol N=4 --symbol S=16\n"
                  "  baton models show model.onnx --plan --devices cpu:1x2\n"
                  "  baton models show demo/models_json/vgg16.json");
  auto o = std::make_shared<show_options>();
  command->add_option("MODEL", o->file, model_file_help)->required();
  command->add_option("--symbol", o->symbols, "Bind a symbol, as in N=4; those not named are then 1")
      ->take_all()
      ->expected(1);
  command->add_flag(
      "--plan", o->plan,
      "Show how a device would compute it instead: the kernel of each layer, the time predicted when it was\n"
      "chosen, and the time measured");
  add_device_options(*command, o->devices, o->machine);
  command->callback([o, &chosen] { chosen = [o] { return show(*o); }; });

  auto* checking = models->add_subcommand(
      "check",
      "Say whether a model can be served, and if not, everything that is wrong with it; the exit code is 0 or 1.\n"
      "With another --precision than fp32 it is also run, and how far its outputs are from those in fp32 is shown");
  checking->footer("Examples:\n"
                   "  baton models check model.onnx\n"
                   "  baton models check model.onnx --precision bf16 --batch 4");
  auto c = std::make_shared<check_options>();
  checking->add_option("MODEL", c->file, model_file_help)->required();
  checking->add_option("--symbol", c->symbols, "Value of a symbol for the run, as in S=16 (16 by default)")
      ->take_all()
      ->expected(1);
  checking->add_option("--batch", c->batch, "Rows of the run's random inputs")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{65536}))
      ->capture_default_str();
  checking->add_option("--seed", c->seed, "Of the run's random inputs")->capture_default_str();
  add_device_options(*checking, c->devices, c->machine);
  checking->callback([c, &chosen] { chosen = [c] { return check(*c); }; });
}

} // namespace baton::apps
