#include "tests/gpu_check/timing.hpp"

#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "scheduling/defaults.hpp"
#include "tests/gpu_check/card_machine.hpp"
#include "tests/gpu_check/card_task.hpp"
#include "tests/gpu_check/copies.hpp"
#include "tests/gpu_check/models.hpp"

namespace baton::gpu_check {

using testing::demand;

namespace {

/// How a run is cut, and in what numbers and by what calls it multiplies.
struct way {
  const char* precision;
  const char* name;
  metadata::duration quantum;
  gpu::graph_use graphs = gpu::graph_use::measured;

  gpu::machine_options options(const std::string& plugin) const {
    const auto tf32 = precision == std::string_view("tf32");
    return {.cuda_plugin = plugin, .multiplies = tf32 ? gpu::precision::tf32 : gpu::precision::fp32, .graphs = graphs};
  }
};
constexpr metadata::duration whole = std::chrono::hours{1};
/// The last is the first again: what noise looks like.
constexpr way ways[] = {{"fp32", "quantum_default", scheduling::defaults::quantum},
                        {"fp32", "quantum_0", metadata::duration::zero()},
                        {"fp32", "quantum_0_no_graphs", metadata::duration::zero(), gpu::graph_use::never},
                        {"fp32", "one_segment", whole},
                        {"fp32", "quantum_default_again", scheduling::defaults::quantum},
                        {"tf32", "quantum_default", scheduling::defaults::quantum},
                        {"tf32", "one_segment", whole}};

/// A device that works in one way for all, and the plans that it made.
struct worker {
  explicit worker(const gpu::machine_options& options)
      : on(first_card(options)), machine(demand(on.open(0))), device(on, *machine, 0) {}
  testing::backend on;
  std::unique_ptr<gpu::machine> machine;
  testing::bench_device device;
  std::map<std::string, std::shared_ptr<const gpu::plan>> plans;
};

class timings {
public:
  timings(const std::string& plugin, bool small) : plugin_(plugin), small_(small), copies_(plugin) {}

  void list(std::ostream& out) const {
    for (const auto& m : measured_models(small_))
      for (const auto batch : measured_batches(small_))
        for (const auto& w : ways)
          out << "layerwise " << m.name << ' ' << batch << ' ' << w.precision << ' ' << w.name << '\n';
    for (const auto& direction : copies_.directions())
      for (const auto mib : copied_mib(small_))
        out << "copy " << direction << ' ' << mib << '\n';
    out << '\n';
  }

  double run(const std::string& line) {
    std::istringstream words(line);
    std::string what, model, precision, name;
    std::int64_t size = 0;
    int times = 0;
    words >> what >> name;
    if (what == "copy" && words >> size >> times)
      return copies_.seconds(name, size, times);
    model = name;
    if (what == "layerwise" && words >> size >> precision >> name >> times)
      for (const auto& w : ways)
        if (precision == w.precision && name == w.name)
          return layerwise(measured(model, small_), size, w, times);
    throw std::runtime_error("'" + line + "' is no case");
  }

private:
  double layerwise(const measured_model& m, std::int64_t batch, const way& w, int times) {
    const auto shape = m.name + ' ' + std::to_string(batch);
    auto& by = workers_[{w.precision, w.graphs}];
    if (!by)
      by = std::make_unique<worker>(w.options(plugin_));
    auto& task = tasks_[shape + ' ' + w.precision + ' ' + w.name];
    if (!task) {
      auto& plan = by->plans[shape];
      if (!plan)
        plan = by->device.plan(m.model, m.symbols(batch));
      task = std::make_unique<card_task>(by->device, plan);
      task->set_quantum(w.quantum);
    }
    double sum = 0;
    for (int i = 0; i < times; ++i)
      sum += run_alone(by->device.get(), *task);
    return sum / times;
  }

  std::string plugin_;
  bool small_;
  copies copies_;
  std::map<std::pair<std::string, gpu::graph_use>, std::unique_ptr<worker>> workers_;
  std::map<std::string, std::unique_ptr<card_task>> tasks_;
};

} // namespace

int answer_timings(const std::string& plugin, bool small) {
  timings all(plugin, small);
  for (std::string line; std::getline(std::cin, line);) {
    try {
      if (line == "list")
        all.list(std::cout);
      else
        std::cout << "seconds " << all.run(line) << '\n';
    } catch (const std::exception& e) {
      std::cout << "error " << e.what() << '\n';
    }
    std::cout.flush();
  }
  return 0;
}

} // namespace baton::gpu_check
