// Layers cut into parts against whole ones: what cutting costs, and how long a request keeps its device at most.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "gpu/device.hpp"
#include "metadata/model_import.hpp"
#include "scheduling/defaults.hpp"
#include "tests/bench/measure.hpp"

using namespace baton;
using bench::must;

namespace {

using model_ptr = std::shared_ptr<const metadata::model>;

/// A plan on one core, whose layers are cut, or not, and memory for one request.
class device_at_work {
public:
  device_at_work(const model_ptr& m, std::int64_t batch, metadata::duration longest)
      : machine_(must(gpu::open_machine(must(gpu::parse_devices("cpu:1")), {.cuts = {.longer_than = longest}}))),
        device_(must(machine_->open({0}))) {
    auto& memory = *machine_->domains()[0];
    must(device_->attach());
    plan_ = must(device_->build_plan(m, must(memory.load_weights(m)), metadata::symbol_values{batch}));
    data_.activations = must(memory.allocate(plan_->block_bytes()));
    std::mt19937 random{1};
    std::uniform_real_distribution<float> pixel{0, 1};
    for (auto v : m->inputs()) {
      auto& x = inputs_.emplace_back(metadata::element_type::float32, m->shape(v, plan_->symbols()));
      for (auto& number : x.as_mutable<float>())
        number = pixel(random);
      data_.inputs.push_back(x.data());
    }
  }

  double run() {
    const auto start = std::chrono::steady_clock::now();
    must(device_->submit({plan_.get(), {0, 0}, plan_->profile().end(), &data_, {0}, {}}));
    gpu::completion done;
    while (device_->poll({&done, 1}) == 1)
      if (done.failure)
        throw std::runtime_error(done.failure->message);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  double longest_ms() const {
    const auto& times = plan_->profile().part_time;
    return std::chrono::duration<double, std::milli>(*std::max_element(times.begin(), times.end())).count();
  }

private:
  std::unique_ptr<gpu::machine> machine_;
  std::unique_ptr<gpu::device> device_;
  std::shared_ptr<const gpu::plan> plan_;
  std::vector<metadata::tensor> inputs_;
  gpu::bindings data_;
};

void measure(const std::filesystem::path& file, std::int64_t batch) {
  const auto name = file.stem() == "model" ? file.parent_path().parent_path().filename() : file.stem();
  const auto model = must(metadata::import_model(file, name));
  device_at_work whole(model, batch, {});
  device_at_work again(model, batch, {});
  device_at_work parts(model, batch, scheduling::defaults::quantum);
  const auto times = bench::interleave({{"whole", [&] { return whole.run(); }},
                                        {"again", [&] { return again.run(); }},
                                        {"parts", [&] { return parts.run(); }}},
                                       bench::rounds_wanted(15));
  const auto of = name.string() + ".batch" + std::to_string(batch);
  const auto cost = bench::summarise(bench::ratios(times[2], times[0]));
  const auto noise = bench::summarise(bench::ratios(times[1], times[0]));
  std::printf(
      "%-22s %8.1f ms; in parts over whole %.3f [%.3f, %.3f], whole over whole %.3f [%.3f, %.3f]; longest %.2f ms, "
      "whole %.2f ms\n",
      of.c_str(), bench::summarise(times[0]).median * 1e3, cost.median, cost.low, cost.high, noise.median, noise.low,
      noise.high, parts.longest_ms(), whole.longest_ms());
  bench::print_figure("parts." + of, cost.median, "ratio", "<= 1.03");
  bench::print_figure("parts." + of + ".longest", parts.longest_ms(), "ms");
  bench::print_figure("parts." + of + ".longest_whole", whole.longest_ms(), "ms");
}

} // namespace

int main(int argc, char** argv) {
  try {
    std::vector<std::filesystem::path> files(argv + 1, argv + argc);
    if (files.empty())
      files = {"build/models/resnet50/1/model.onnx", "demo/models_json/alexnet.json", "demo/models_json/vgg16.json"};
    for (const auto& file : files)
      for (const std::int64_t batch : {1, 8})
        measure(file, batch);
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "parts: %s\n", e.what());
    return 1;
  }
}
