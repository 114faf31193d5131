// Layer by layer through the actors against a bare loop over the same primitives: ResNet-50, batch 1, one core.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <stdexcept>

#include <unistd.h>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/spawn_options.hpp>
#include <caf/stateful_actor.hpp>

#include "actors/runtime.hpp"
#include "metadata/model_import.hpp"
#include "tests/bench/measure.hpp"

using namespace baton;
using bench::must;
using seconds = std::chrono::duration<double>;

namespace {

using model_ptr = std::shared_ptr<const metadata::model>;
const metadata::symbol_values batch_of_one{1};

metadata::tensor random_image() {
  metadata::tensor t{metadata::element_type::float32, {1, 3, 224, 224}};
  std::mt19937 random{1};
  std::uniform_real_distribution<float> pixel{0, 1};
  for (auto& x : t.as_mutable<float>())
    x = pixel(random);
  return t;
}

/// A device, a plan and memory of its own, without any actor.
struct bare {
  explicit bare(const model_ptr& m, const metadata::tensor& image)
      : machine(must(gpu::open_machine(must(gpu::parse_devices("cpu:1"))))), device(must(machine->open({0}))) {
    auto& memory = *machine->domains()[0];
    must(device->attach());
    plan = must(device->build_plan(m, must(memory.load_weights(m)), batch_of_one));
    data.activations = must(memory.allocate(plan->block_bytes()));
    data.inputs = {image.data()};
    data.layer_time.resize(m->layers().size());
  }
  void run(metadata::position begin, metadata::position end) {
    must(device->submit({plan.get(), begin, end, &data, {0}, {}}));
    gpu::completion done;
    while (device->poll({&done, 1}) == 1)
      if (done.failure)
        throw std::runtime_error(done.failure->message);
  }
  std::unique_ptr<gpu::machine> machine;
  std::unique_ptr<gpu::device> device;
  std::shared_ptr<const gpu::plan> plan;
  gpu::bindings data;
};

double time_bare(bare& b) {
  auto start = std::chrono::steady_clock::now();
  b.run({0, 0}, b.plan->profile().end());
  return seconds{std::chrono::steady_clock::now() - start}.count();
}

/// The least an actor can do: one message to itself per layer, on a thread of its own.
using go = caf::atom_constant<caf::atom("go")>;
using step = caf::atom_constant<caf::atom("step")>;
using quit = caf::atom_constant<caf::atom("quit")>;

struct self_send_state {
  explicit self_send_state(caf::event_based_actor*) {}
  std::unique_ptr<bare> work;
  metadata::position at;
  caf::response_promise waiting;
};

caf::behavior self_sender(caf::stateful_actor<self_send_state>* self, const model_ptr& m,
                          const metadata::tensor& image) {
  self->state.work = std::make_unique<bare>(m, image);
  return {
      [self](go) -> caf::result<int> {
        auto& s = self->state;
        s.waiting = self->make_response_promise();
        s.at = {};
        self->send(self, step::value);
        return s.waiting;
      },
      [self](step) {
        auto& s = self->state;
        metadata::position next{s.at.layer + 1, 0};
        s.work->run(s.at, next);
        s.at = next;
        if (next < s.work->plan->profile().end())
          self->send(self, step::value);
        else
          s.waiting.deliver(1);
      },
      [self](quit) { self->quit(); },
  };
}

struct through_actors {
  through_actors(const model_ptr& m, metadata::duration quantum, const std::filesystem::path& log = {},
                 const std::filesystem::path& trace = {}) {
    actors::runtime_options o;
    o.devices = must(gpu::parse_devices("cpu:1"));
    o.quantum = quantum;
    o.engine_log = log;
    o.trace = trace;
    system = must(actors::runtime::start(o));
    id = must(system->add_model(m, {batch_of_one}, std::chrono::minutes{5}));
  }
  double time(const metadata::tensor& image) {
    actors::request r;
    r.model = id;
    r.inputs = {image};
    auto start = std::chrono::steady_clock::now();
    must(system->submit(std::move(r)));
    auto done = system->results().pop(std::chrono::minutes{1});
    auto elapsed = seconds{std::chrono::steady_clock::now() - start}.count();
    if (!done || done->failure != errc::none)
      throw std::runtime_error(done ? done->message : "no answer within a minute");
    return elapsed;
  }
  std::unique_ptr<actors::runtime> system;
  metadata::model_id id;
};

int measure(const char* file) {
  auto model = must(metadata::import_model(file, "resnet50"));
  auto image = random_image();
  bare loop{model, image};
  through_actors by_default{model, scheduling::defaults::quantum};
  through_actors by_layer{model, metadata::duration::zero()};
  const auto files = std::filesystem::temp_directory_path() / ("baton-layers-" + std::to_string(::getpid()));
  const auto log = files.string() + ".log", trace = files.string() + ".trace", fine = files.string() + ".fine.trace";
  through_actors logged{model, scheduling::defaults::quantum, log};
  through_actors traced{model, scheduling::defaults::quantum, {}, trace};
  through_actors traced_by_layer{model, metadata::duration::zero(), {}, fine};
  caf::actor_system_config config;
  config.set("logger.verbosity", caf::atom("quiet"));
  config.set("scheduler.policy", caf::atom("sharing"));
  caf::actor_system system{config};
  auto sender = system.spawn<caf::detached>(self_sender, model, image);
  caf::scoped_actor self{system};
  auto by_self_send = [&] {
    auto start = std::chrono::steady_clock::now();
    self->request(sender, std::chrono::minutes{1}, go::value)
        .receive([](int) {}, [](const caf::error&) { throw std::runtime_error("the bare actor did not answer"); });
    return seconds{std::chrono::steady_clock::now() - start}.count();
  };
  auto through = [&](through_actors& a) { return [&a, &image] { return a.time(image); }; };
  std::vector<bench::bench_case> cases{{"bare", [&] { return time_bare(loop); }},
                                       {"bare_again", [&] { return time_bare(loop); }},
                                       {"self_send", by_self_send},
                                       {"quantum_default", through(by_default)},
                                       {"quantum_0", through(by_layer)},
                                       {"engine_log", through(logged)},
                                       {"trace", through(traced)},
                                       {"trace_quantum_0", through(traced_by_layer)}};
  auto times = bench::interleave(cases, bench::rounds_wanted(100));
  self->send(sender, quit::value);
  for (const auto& file : {log, trace, fine})
    std::filesystem::remove(file);
  std::printf("%zu layers; time over that of a bare loop, median of %zu rounds and its 95%% interval\n",
              model->layers().size(), times[0].size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    auto ratio = bench::summarise(bench::ratios(times[i], times[0]));
    auto ms = bench::summarise(times[i]);
    std::printf("  %-16s %8.3f ms   x %.4f [%.4f, %.4f]%s\n", cases[i].name.c_str(), ms.median * 1e3, ratio.median,
                ratio.low, ratio.high, i == 1 ? "  (A/A: what noise looks like)" : "");
  }
  constexpr const char* goals[] = {"", "", "", "<= 1.01", "<= 1.03", "", "", ""};
  for (std::size_t i = 1; i < cases.size(); ++i)
    bench::print_figure("layers." + cases[i].name, bench::summarise(bench::ratios(times[i], times[0])).median, "ratio",
                        goals[i]);
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  try {
    return measure(argc > 1 ? argv[1] : "build/models/resnet50/1/model.onnx");
  } catch (const std::exception& e) {
    std::fprintf(stderr, "layers: %s\n", e.what());
    return 1;
  }
}
