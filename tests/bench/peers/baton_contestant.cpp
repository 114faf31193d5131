// A model on Baton's devices, through its actors, for a benchmark that asks several runtimes in turn.
// Usage: baton_contestant [bf16] MODEL.onnx DEVICES INPUT.npy...   Then one command per line of stdin, one
// answer each:
//   run N        seconds of each of N requests, one after the other
//   stream N     seconds of N requests, as many at once as there are devices, then those of each
//   save FOLDER  writes the outputs of the last request, NAME.npy each
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "actors/runtime.hpp"
#include "metadata/model_import.hpp"
#include "metadata/npy.hpp"
#include "tests/bench/measure.hpp"

using namespace baton;
using bench::must;
using seconds = std::chrono::duration<double>;

namespace {

class contestant {
public:
  contestant(gpu::precision multiplies, const std::string& file, const std::string& devices,
             const std::vector<std::string>& inputs)
      : model_(must(metadata::import_model(file, "model"))) {
    for (const auto& input : inputs)
      request_.inputs.push_back(must(metadata::read_npy(input)));
    actors::runtime_options o;
    o.devices = must(gpu::parse_devices(devices));
    o.machine.multiplies = multiplies;
    system_ = must(actors::runtime::start(std::move(o)));
    request_.model = must(system_->add_model(model_, {must(model_->bind(request_.inputs))}, std::chrono::minutes{10}));
  }

  double run() {
    const auto start = std::chrono::steady_clock::now();
    must(system_->submit(request_));
    auto done = pop();
    const auto elapsed = seconds{std::chrono::steady_clock::now() - start}.count();
    last_ = std::move(done);
    return elapsed;
  }

  /// Seconds of all, then of each in the order in which they ended.
  std::vector<double> stream(int times) {
    std::vector<double> result{0};
    int begun = 0;
    const auto start = std::chrono::steady_clock::now();
    const auto begin = [&] {
      must(system_->submit(request_));
      ++begun;
    };
    while (begun < times && begun < static_cast<int>(system_->devices().size()))
      begin();
    while (static_cast<int>(result.size()) <= times) {
      result.push_back(seconds{pop().total}.count());
      if (begun < times)
        begin();
    }
    result[0] = seconds{std::chrono::steady_clock::now() - start}.count();
    return result;
  }

  void save(const std::filesystem::path& folder) {
    for (std::size_t i = 0; i < last_.outputs.size(); ++i)
      must(metadata::write_npy(folder / (model_->values()[model_->outputs()[i]].name + ".npy"), last_.outputs[i]));
    std::cout << "saved" << std::endl;
  }

private:
  actors::done pop() {
    auto done = system_->results().pop(std::chrono::minutes{1});
    if (!done || done->failure != errc::none)
      throw std::runtime_error(done ? done->message : "no answer within a minute");
    return std::move(*done);
  }

  std::shared_ptr<const metadata::model> model_;
  std::unique_ptr<actors::runtime> system_;
  actors::request request_;
  actors::done last_;
};

void serve(contestant& c) {
  std::cout << "ready" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string verb, folder;
    int times = 0;
    words >> verb;
    if (verb == "run" && words >> times) {
      for (int i = 0; i < times; ++i)
        std::cout << (i ? " " : "") << c.run();
      std::cout << std::endl;
    } else if (verb == "stream" && words >> times) {
      for (const auto s : c.stream(times))
        std::cout << s << ' ';
      std::cout << std::endl;
    } else if (verb == "save" && words >> folder) {
      c.save(folder);
    } else {
      throw std::runtime_error("no such command: " + line);
    }
  }
}

} // namespace

int main(int argc, char** argv) {
  try {
    std::vector<std::string> words(argv + 1, argv + argc);
    auto multiplies = gpu::precision::fp32;
    if (!words.empty() && words.front() == "bf16") {
      multiplies = gpu::precision::bf16;
      words.erase(words.begin());
    }
    if (words.size() < 3)
      throw std::runtime_error("usage: baton_contestant [bf16] MODEL.onnx DEVICES INPUT.npy...");
    contestant c(multiplies, words[0], words[1], {words.begin() + 2, words.end()});
    serve(c);
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "baton_contestant: %s\n", e.what());
    return 1;
  }
}
