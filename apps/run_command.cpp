#include <algorithm>
#include <chrono>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "actors/runtime.hpp"
#include "apps/defaults.hpp"
#include "apps/device_options.hpp"
#include "apps/labels.hpp"
#include "apps/policy_files.hpp"
#include "apps/preprocessing.hpp"
#include "apps/program.hpp"
#include "apps/ranking.hpp"
#include "apps/repository.hpp"
#include "apps/run_course.hpp"
#include "apps/run_inputs.hpp"
#include "apps/run_report.hpp"
#include "apps/tensor_file.hpp"
#include "metadata/model_import.hpp"

namespace baton::apps {

namespace {

struct run_options {
  std::string file;
  std::vector<std::string> inputs, outputs, symbols, moves, preempts;
  device_options devices;
  gpu::machine_options machine;
  std::string policy = "priority";
  std::string engine_log, trace;
  long long quantum = std::chrono::duration_cast<std::chrono::microseconds>(scheduling::defaults::quantum).count();
  std::int64_t batch = 0;
  std::uint64_t seed = 1;
  unsigned repeat = 1;
  bool no_table = false;
  std::string preprocess;
  std::size_t top = 0;
  std::string labels;
  bool softmax = false;
};

/// What the repetitions have shown.
struct measured {
  actors::done last;
  std::vector<metadata::duration> layer_time; ///< mean
  std::vector<metadata::duration> totals;
};

expected<measured> repeat_run(actors::runtime& runtime, const actors::request& r, unsigned times) {
  measured result;
  for (unsigned i = 0; i < times; ++i) {
    auto id = runtime.submit(r);
    if (!id)
      return tl::unexpected(id.error());
    auto d = runtime.results().pop(defaults::longest_request_timeout);
    if (!d)
      return fail(errc::deadline_exceeded, "the runtime did not answer");
    if (d->failure != errc::none)
      return fail(d->failure, d->message);
    result.layer_time.resize(d->layer_time.size());
    for (std::size_t l = 0; l < d->layer_time.size(); ++l)
      result.layer_time[l] += d->layer_time[l] / times;
    result.totals.push_back(d->total);
    result.last = std::move(*d);
  }
  return result;
}

void print_timing(const measured& r, std::span<const gpu::device_description> devices,
                  const scheduling::engine_counters& counters) {
  auto sorted = r.totals;
  std::sort(sorted.begin(), sorted.end());
  auto ms = [](metadata::duration d) { return std::chrono::duration<double, std::milli>(d).count(); };
  fmt::print("finished on {} in {:.3f} ms", devices[r.last.device.value].name, ms(sorted[sorted.size() / 2]));
  if (sorted.size() > 1)
    fmt::print(" (median of {}; {:.3f} to {:.3f})", sorted.size(), ms(sorted.front()), ms(sorted.back()));
  fmt::print(", {:.3f} ms of it on devices; {} attempts, {} preemptions, {} moves\n", ms(r.last.computing),
             r.last.attempts, counters.preemptions, counters.moves);
}

/// Before the work, not after it.
expected<void> check_outputs(const run_options& o, const metadata::model& m) {
  for (const auto& choice : o.outputs) {
    auto split = split_choice(m, "output", m.outputs(), choice);
    if (!split)
      return tl::unexpected(split.error());
    if (auto known = check_tensor_file(split->second); !known)
      return known;
  }
  return {};
}

expected<void> write_outputs(const run_options& o, const metadata::model& m, const actors::done& d) {
  for (const auto& choice : o.outputs) {
    auto split = split_choice(m, "output", m.outputs(), choice);
    if (!split)
      return tl::unexpected(split.error());
    const auto& name = m.values()[m.outputs()[split->first]].name;
    if (auto written = write_tensor_file(split->second, d.outputs[split->first], name); !written)
      return written;
  }
  return {};
}

/// How to rank classes, if that was asked for. Labels: the file said, or the one beside the model.
expected<std::optional<ranking_options>> choose_ranking(const run_options& o) {
  ranking_options r{o.top, {}, o.softmax};
  if (o.top == 0 && o.labels.empty() && !o.softmax)
    return std::nullopt;
  if (o.top == 0)
    r.top = defaults::shown_classes;
  auto file = o.labels.empty() ? find_labels(o.file) : std::filesystem::path{o.labels};
  if (file) {
    auto labels = read_labels(*file);
    if (!labels)
      return tl::unexpected(labels.error());
    r.labels = std::move(*labels);
  }
  return r;
}

void print_ranking(const metadata::model& m, const actors::done& d, const ranking_options& r) {
  for (std::size_t i = 0; i < d.outputs.size(); ++i) {
    const auto& name = m.values()[m.outputs()[i]].name;
    if (looks_like_scores(d.outputs[i]))
      fmt::print("\n{}\n", ranking(name, d.outputs[i], r));
    else
      fmt::print("output {} is not ranked: scores of classes are [N,K], floating point\n", name);
  }
}

expected<void> execute(const run_options& o) {
  actors::runtime_options options;
  options.machine = o.machine;
  auto specs = read_devices(o.devices, options.machine);
  if (!specs)
    return tl::unexpected(specs.error());
  auto symbols = parse_symbols(o.symbols);
  if (!symbols)
    return tl::unexpected(symbols.error());
  if (auto good = check_quantum(o.quantum); !good)
    return good;
  auto imported = metadata::import_model(o.file, model_name_of(o.file));
  if (!imported)
    return tl::unexpected(imported.error());
  const auto& m = **imported;
  if (auto good = check_outputs(o, m); !good)
    return good;
  auto ranked = choose_ranking(o);
  if (!ranked)
    return tl::unexpected(ranked.error());
  auto inputs =
      make_inputs(m, {o.inputs, o.batch > 0 ? std::optional{o.batch} : std::nullopt, *symbols, o.seed, o.preprocess});
  if (!inputs)
    return tl::unexpected(inputs.error());
  for (const auto& note : inputs->notes)
    fmt::print("{}\n", note);
  auto shape = m.bind(inputs->tensors);
  if (!shape)
    return tl::unexpected(shape.error());

  options.devices = std::move(*specs);
  if (auto opened = open_policies(o.policy); !opened)
    return opened;
  options.policy = o.policy;
  options.quantum = std::chrono::microseconds{o.quantum};
  options.engine_log = o.engine_log;
  options.trace = o.trace;
  auto runtime = actors::runtime::start(std::move(options));
  if (!runtime)
    return tl::unexpected(runtime.error());
  auto devices = (*runtime)->devices();
  auto way = plot_course(o.moves, o.preempts, m, devices);
  if (!way)
    return tl::unexpected(way.error());
  auto added = (*runtime)->add_model(*imported, {*shape}, defaults::load_timeout);
  if (!added)
    return tl::unexpected(added.error());

  actors::request r;
  r.model = *added;
  r.inputs = std::move(inputs->tensors);
  r.steps = way->steps;
  if (!way->where.empty())
    r.pinned = way->where.front();
  auto result = repeat_run(**runtime, r, o.repeat);
  if (!result)
    return tl::unexpected(result.error());
  for (std::size_t i = 0; i < result->last.outputs.size(); ++i)
    fmt::print("{}\n", describe_output(m.values()[m.outputs()[i]].name, result->last.outputs[i]));
  if (*ranked)
    print_ranking(m, result->last, **ranked);
  const bool kept = kept_course(*way, **runtime, o.repeat);
  print_timing(*result, devices, (*runtime)->counters().engine);
  std::vector<std::string> where;
  if (kept)
    for (auto d : way->where)
      where.push_back(devices[d.value].name);
  else
    fmt::print("not every step asked for has happened: later steps come too late for a model that is done before\n");
  if (!o.no_table)
    fmt::print("\n{}", layer_table(m, *shape, result->layer_time, where));
  return write_outputs(o, m, result->last);
}

} // namespace

void add_run_command(CLI::App& app, chosen_command& chosen) {
  auto* command = app.add_subcommand("run", "Run a model once and show its outputs and what each layer took");
  command->footer("Examples:\n"
                  "  baton run model.onnx\n"
                  "  baton run model.onnx --input image=digits.npy --batch 4 --output probs.npy\n"
                  "  baton run model.onnx --input image=cat.jpg --preprocess imagenet --top 5 --labels labels.txt\n"
                  "  baton run model.onnx --devices cpu:2 --move-after conv1\n"
                  "  baton run model.onnx --devices cpu:1@a,cpu:1@b --move-after 3=1 --quantum 0\n"
                  "  baton run demo/models_json/tiny_yolo.json --batch 2");
  auto o = std::make_shared<run_options>();
  auto several = [&](const char* name, std::vector<std::string>& into, const char* help) {
    command->add_option(name, into, help)->take_all()->expected(1);
  };
  command->add_option("MODEL", o->file, "A model file: ONNX, or a list of layers (.json), whose weights are random")
      ->required();
  several("--input", o->inputs,
          "[NAME=]FILE (.npy, .pb, PNG, JPEG; several pictures as A,B make a batch) or NAME=random;\n"
          "inputs not named are random");
  several("--output", o->outputs, "[NAME=]FILE.npy or FILE.pb: write an output");
  command->add_option("--preprocess", o->preprocess, preprocessing_help);
  command->add_option("--top", o->top, "Show the best so many classes of each row (5 with --labels or --softmax)")
      ->check(CLI::Range(std::size_t{1}, defaults::labels));
  command->add_option("--labels", o->labels,
                      "Names of the classes, one a line; by default labels.txt beside the model");
  command->add_flag("--softmax", o->softmax, "Make probabilities of scores before they are shown");
  several("--symbol", o->symbols,
          "Value of a symbol for random inputs, as in S=16 (other than the batch: 16 by default)");
  command->add_option("--batch", o->batch, "Rows of random inputs (1 by default); of a file, the first so many")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{65536}));
  command->add_option("--seed", o->seed, "Of random inputs")->capture_default_str();
  add_device_options(*command, o->devices, o->machine);
  several("--move-after", o->moves, "LAYER[=DEVICE]: continue on another device behind this layer (name or number)");
  several("--preempt-after", o->preempts, "LAYER: give the device back behind this layer, then resume");
  command
      ->add_option("--quantum", o->quantum, "Microseconds a device works between two looks at its mailbox; 0: a layer")
      ->capture_default_str();
  command->add_option("--policy", o->policy, policy_help())->capture_default_str();
  command->add_option("--repeat", o->repeat, "Run so many times, show the median")
      ->check(CLI::Range(1U, 1'000'000U))
      ->capture_default_str();
  command->add_option("--engine-log", o->engine_log, "Write every event of the engine to this file");
  command->add_option("--trace", o->trace, trace_help);
  command->add_flag("--no-table", o->no_table, "Leave out the table of layers");
  command->callback([o, &chosen] {
    chosen = [o] {
      auto done = execute(*o);
      return done ? exit_code::ok : report(done.error());
    };
  });
}

} // namespace baton::apps
