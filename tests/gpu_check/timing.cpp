#include "tests/gpu_check/timing.hpp"

#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>

#include "scheduling/defaults.hpp"
#include "tests/gpu_check/card_machine.hpp"
#include "tests/gpu_check/card_task.hpp"
#include "tests/gpu_check/copies.hpp"
#include "tests/gpu_check/models.hpp"

namespace baton::gpu_check {

using testing::demand;

namespace {

/// How a run is cut. The last is the first again: what noise looks like.
struct way {
  const char* name;
  metadata::duration quantum;
};
constexpr way ways[] = {{"quantum_default", scheduling::defaults::quantum},
                        {"quantum_0", metadata::duration::zero()},
                        {"one_segment", std::chrono::hours{1}},
                        {"quantum_default_again", scheduling::defaults::quantum}};
/// Of the backend's arithmetic. TF32 comes here when the backend has it.
constexpr const char* precisions[] = {"fp32"};

class timings {
public:
  timings(const std::string& plugin, bool small)
      : small_(small), on_(first_card(plugin)), machine_(demand(on_.open(0))), device_(on_, *machine_, 0),
        copies_(plugin) {}

  void list(std::ostream& out) const {
    for (const auto& m : measured_models(small_))
      for (const auto batch : measured_batches(small_))
        for (const auto* precision : precisions)
          for (const auto& w : ways)
            out << "layerwise " << m.name << ' ' << batch << ' ' << precision << ' ' << w.name << '\n';
    for (const auto& direction : copies_.directions())
      for (const auto mib : copied_mib(small_))
        out << "copy " << direction << ' ' << mib << '\n';
    out << '\n';
  }

  double run(const std::string& line) {
    std::istringstream words(line);
    std::string what;
    words >> what;
    if (what == "copy") {
      std::string direction;
      std::int64_t mib = 0;
      int times = 0;
      if (words >> direction >> mib >> times)
        return copies_.seconds(direction, mib, times);
    } else if (what == "layerwise") {
      std::string model, precision, name;
      std::int64_t batch = 0;
      int times = 0;
      if (words >> model >> batch >> precision >> name >> times)
        return layerwise(model, batch, name, times);
    }
    throw std::runtime_error("'" + line + "' is no case");
  }

private:
  double layerwise(const std::string& model, std::int64_t batch, const std::string& name, int times) {
    auto& task = tasks_[model + ' ' + std::to_string(batch) + ' ' + name];
    if (!task) {
      const auto& m = measured(model, small_);
      auto& plan = plans_[model + ' ' + std::to_string(batch)];
      if (!plan)
        plan = device_.plan(m.model, m.symbols(batch));
      task = std::make_unique<card_task>(device_, plan);
      for (const auto& w : ways)
        if (name == w.name)
          task->set_quantum(w.quantum);
    }
    double sum = 0;
    for (int i = 0; i < times; ++i)
      sum += run_alone(device_.get(), *task);
    return sum / times;
  }

  bool small_;
  testing::backend on_;
  std::unique_ptr<gpu::machine> machine_;
  testing::bench_device device_;
  copies copies_;
  std::map<std::string, std::shared_ptr<const gpu::plan>> plans_;
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
