#include "tests/gpu_check/overlap.hpp"

#include <array>
#include <cstdio>
#include <tuple>

#include "tests/bench/measure.hpp"
#include "tests/gpu_check/card_machine.hpp"
#include "tests/gpu_check/card_task.hpp"
#include "tests/gpu_check/models.hpp"
#include "tests/support/reference.hpp"

namespace baton::gpu_check {

using testing::demand;

namespace {

struct subject {
  std::string name;
  model_ptr model;
  metadata::symbol_values symbols;
};

std::vector<subject> subjects(bool small) {
  std::vector<subject> all;
  for (const std::int64_t side : {7, 14, 28, 56, 112, 224}) {
    if (small)
      break; // an imitated card takes too long
    all.push_back({"pictures_" + std::to_string(side), pictures(side), {1}});
  }
  for (const auto& m : measured_models(small))
    for (const auto batch : measured_batches(small))
      all.push_back({m.name + "_" + std::to_string(batch), m.model, m.symbols(batch)});
  return all;
}

/// The tasks, and what they give when one alone has run.
struct pair_of_tasks {
  pair_of_tasks(testing::bench_device& on, const subject& s)
      : plan(on.plan(s.model, s.symbols)), first(on, plan, {0}), second(on, plan, {1}), behind(on, plan, {0}) {
    (void)run_alone(on.get(), first);
    alone = on.outputs(*plan, first.data());
  }
  double together(testing::bench_device& on) {
    const std::array<card_task*, 2> both{&first, &second};
    return run_together(on.get(), both);
  }
  double in_turn(testing::bench_device& on) { return run_alone(on.get(), first) + run_alone(on.get(), behind); }
  bool same_bits(testing::bench_device& on) {
    return testing::same_bits(on.outputs(*plan, first.data()), alone)
           && testing::same_bits(on.outputs(*plan, second.data()), alone);
  }

  std::shared_ptr<const gpu::plan> plan;
  card_task first, second, behind;
  std::vector<metadata::tensor> alone;
};

} // namespace

int measure_overlap(const std::string& plugin, bool small) {
  const auto on = first_card({.cuda_plugin = plugin}, 2);
  const auto machine = demand(on.open(0));
  testing::bench_device device(on, *machine, 0);
  const auto rounds = bench::rounds_wanted(small ? 3 : 40);
  bool right = true;
  std::printf("| task | alone | gain of two at once over one after the other, 95%% interval | one after the other, "
              "again |\n|---|---|---|---|\n");
  std::vector<std::tuple<std::string, double, const char*>> figures;
  for (const auto& s : subjects(small)) {
    pair_of_tasks tasks(device, s);
    const auto times = bench::interleave({{"in_turn", [&] { return tasks.in_turn(device); }},
                                          {"at_once", [&] { return tasks.together(device); }},
                                          {"again", [&] { return tasks.in_turn(device); }}},
                                         rounds);
    const auto alone = bench::summarise(times[0]).median / 2 * 1e6;
    const auto gain = bench::summarise(bench::ratios(times[0], times[1]));
    const auto again = bench::summarise(bench::ratios(times[0], times[2]));
    (void)tasks.together(device);
    const auto same = tasks.same_bits(device);
    right = right && same;
    std::printf("| %s | %.0f us | %.3f [%.3f, %.3f] | %.3f [%.3f, %.3f] |%s\n", s.name.c_str(), alone, gain.median,
                gain.low, gain.high, again.median, again.low, again.high, same ? "" : " OTHER BITS");
    std::fflush(stdout);
    figures.insert(figures.end(), {{s.name + ".alone", alone, "us"},
                                   {s.name + ".gain", gain.median, "ratio"},
                                   {s.name + ".again", again.median, "ratio"}});
  }
  for (const auto& [name, value, unit] : figures)
    bench::print_figure("overlap." + name, value, unit);
  return right ? 0 : 1;
}

} // namespace baton::gpu_check
