// Segments that still run once a preempt command is in a worker's mailbox: the real worker, ResNet-50, one core.
//
// Counted are the segment that runs at that moment, if one does, and all that begin later. The command is sent under a
// lock that the device takes to note where a segment begins and where it ends: so neither happens while it is being
// sent, however long the sending thread is off its core, and each segment is on one side of the command or the other.
#include <cstdio>
#include <filesystem>
#include <memory>
#include <mutex>
#include <random>
#include <stdexcept>
#include <thread>

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include "actors/handlers.hpp"
#include "actors/house.hpp"
#include "actors/worker.hpp"
#include "metadata/model_import.hpp"
#include "tests/bench/measure.hpp"

using namespace baton;
using namespace baton::scheduling;
using bench::must;

namespace {

/// Where a device's segments begin and end. Who holds `mutex` keeps the device where it is.
struct segment_marks {
  std::mutex mutex;
  std::uint64_t begun = 0;
  std::uint64_t ended = 0;
};

/// The machine's own devices; marks their segments.
class marking_device final : public gpu::device {
public:
  marking_device(std::unique_ptr<gpu::device> d, segment_marks& marks) : real_(std::move(d)), marks_(marks) {}
  const gpu::device_description& description() const override { return real_->description(); }
  expected<void> attach() override { return real_->attach(); }
  expected<std::shared_ptr<const gpu::plan>> build_plan(std::shared_ptr<const metadata::model> of,
                                                        std::shared_ptr<gpu::weights> with,
                                                        metadata::symbol_values symbols) override {
    return real_->build_plan(std::move(of), std::move(with), std::move(symbols));
  }
  expected<gpu::ticket> submit(const gpu::submission& work) override {
    mark(marks_.begun);
    auto t = real_->submit(work);
    mark(marks_.ended); // inline: it has run
    return t;
  }
  std::size_t poll(std::span<gpu::completion> out) override { return real_->poll(out); }
  bool wait_any(std::chrono::milliseconds timeout) override { return real_->wait_any(timeout); }
  gpu::frontier progress(gpu::lane_id lane) const override { return real_->progress(lane); }

private:
  void mark(std::uint64_t& count) {
    std::lock_guard lock{marks_.mutex};
    ++count;
  }

  std::unique_ptr<gpu::device> real_;
  segment_marks& marks_;
};

class marking_machine final : public gpu::machine {
public:
  marking_machine(std::unique_ptr<gpu::machine> m, segment_marks& marks) : real_(std::move(m)), marks_(marks) {}
  std::span<const gpu::device_description> devices() const override { return real_->devices(); }
  std::span<const std::shared_ptr<gpu::domain>> domains() const override { return real_->domains(); }
  expected<std::unique_ptr<gpu::device>> open(device_id id) override {
    auto d = real_->open(id);
    if (!d)
      return tl::unexpected(d.error());
    return std::make_unique<marking_device>(std::move(*d), marks_);
  }

private:
  std::unique_ptr<gpu::machine> real_;
  segment_marks& marks_;
};

/// Stands where the scheduler stands and hears what the worker says.
struct ear {
  std::mutex mutex;
  std::condition_variable heard;
  std::deque<message> words;

  void put(message m) {
    std::lock_guard lock{mutex};
    words.push_back(std::move(m));
    heard.notify_one();
  }
  template <class M>
  M wait() {
    std::unique_lock lock{mutex};
    for (;;) {
      if (!heard.wait_for(lock, std::chrono::minutes{2}, [&] { return !words.empty(); }))
        throw std::runtime_error("the worker fell silent");
      auto m = std::move(words.front());
      words.pop_front();
      if (auto* wanted = std::get_if<M>(&m))
        return std::move(*wanted);
    }
  }
};

actors::scheduler_actor::behavior_type listener(actors::scheduler_actor::pointer, const std::shared_ptr<ear>& e) {
  return {[](const start_attempt&) {},
          [](const cancel_request&) {},
          [e](const answer& m) { e->put(m); },
          [e](const finished& m) { e->put(m); },
          [e](const failed& m) { e->put(m); },
          [](const values_lost&) {},
          [e](const job_done& m) { e->put(m); },
          [](const model_added&) {},
          [](const model_removed&) {},
          [e](const worker_up& m) {
            e->put(job_done{{}, m.device, errc::none, {}, {}}); },
          [](const actors::stop_admitting&) {},
          [](const actors::wake&) {},
          [](const actors::introduction&) {},
          [](const actors::crash&) {}};
}

actors::controller_actor::behavior_type nobody(actors::controller_actor::pointer, int) {
  return {[](const actors::new_request&) {}, [](const actors::cancel_wanted&) {}, [](const finished&) {},
          [](const attempt_ended&) {}, [](const actors::end_everything&) {}};
}

struct rig {
  rig(const std::shared_ptr<const metadata::model>& model, duration quantum)
      : shared(std::make_shared<actors::context>(
          std::make_unique<marking_machine>(must(gpu::open_machine(must(gpu::parse_devices("cpu:1")))), marks), 16,
          std::size_t{1} << 30)) {
    shared->quantum = quantum;
    scheduler = system.spawn<caf::detached>(listener, words);
    worker = actors::spawn_worker(system, shared, {0}, scheduler);
    auto who = std::make_shared<actors::directory>();
    who->scheduler = scheduler;
    who->controller = controller = system.spawn(nobody, 0);
    who->workers = {worker};
    send(actors::introduction{who});
    words->wait<job_done>(); // it is up
    auto id = shared->models.add(model);
    shared->models.publish(id);
    auto record = std::make_shared<actors::request_record>();
    record->id = {1};
    record->model_number = id;
    record->inputs = {metadata::tensor{metadata::element_type::float32, {1, 3, 224, 224}}};
    shared->requests.add(record);
    send(job{{++commands}, host_domain, id, {1}});
    if (auto built = words->wait<job_done>(); built.failure != errc::none)
      throw std::runtime_error(built.message);
    running.model = id;
    running.symbols = {1};
    running.members = {{{1}, {1}, 0, 1, 0, {1}}};
  }
  ~rig() {
    caf::anon_send_exit(worker, caf::exit_reason::kill);
    caf::anon_send_exit(scheduler, caf::exit_reason::kill);
    caf::anon_send_exit(controller, caf::exit_reason::kill);
  }
  template <class M>
  void send(M m) {
    caf::anon_send<caf::message_priority::high>(worker, std::move(m));
  }

  /// Lets a fresh task run for a random while, preempts it; the segments that still ran, or -1: it had finished.
  double once(std::mt19937& random, double whole_ms) {
    running.id.value += 1;
    running.epoch = {1};
    running.at = {};
    send(accept{{++commands}, running, the_scheduler, {}});
    words->wait<answer>();
    std::uniform_real_distribution<double> when{0.05, 0.8};
    std::this_thread::sleep_for(std::chrono::duration<double, std::milli>{when(random) * whole_ms});
    std::chrono::steady_clock::time_point sent;
    std::uint64_t ended_before = 0;
    {
      std::lock_guard lock{marks.mutex};
      ended_before = marks.ended;
      sent = std::chrono::steady_clock::now();
      send(preempt{{++commands}, running.id, running.epoch, {}});
    }
    auto a = words->wait<answer>();
    last_delay = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - sent).count();
    if (a.what != outcome::applied)
      return -1;
    shared->registries[0]->forget(running.id);
    std::lock_guard lock{marks.mutex};
    return static_cast<double>(marks.begun - ended_before); // the one that ran then, and all since
  }

  segment_marks marks;
  std::shared_ptr<actors::context> shared;
  std::shared_ptr<ear> words = std::make_shared<ear>();
  actors::house_config config;
  caf::actor_system system{config};
  actors::scheduler_actor scheduler;
  actors::controller_actor controller;
  actors::worker_actor worker;
  task running;
  std::uint64_t commands = 0;
  double last_delay = 0;
};

/// What is measured at one quantum.
struct series {
  series(std::string n, const std::shared_ptr<const metadata::model>& model, duration quantum)
      : name(std::move(n)), at(model, quantum) {
    const auto& profile = at.shared->registries[0]->find_plan(at.running.model, {1}, 0)->profile();
    for (std::uint32_t layer = 0; layer < profile.layers(); ++layer)
      whole_ms += profile.parts[layer] * std::chrono::duration<double, std::milli>(profile.part_time[layer]).count();
  }

  void once() {
    auto n = at.once(random, whole_ms);
    if (n < 0) {
      ++late; // it had finished
      return;
    }
    segments.push_back(n);
    delays.push_back(at.last_delay);
  }

  void report() const {
    std::printf("%-16s %zu preempts (%zu too late): segments once it was in the mailbox p50 %.0f, p99 %.0f, max %.0f; "
                "until the "
                "answer p50 %.0f us, p99 %.0f us\n",
                name.c_str(), segments.size(), late, bench::percentile(segments, 0.5),
                bench::percentile(segments, 0.99), bench::percentile(segments, 1), bench::percentile(delays, 0.5),
                bench::percentile(delays, 0.99));
    bench::print_figure("preempt_delay." + name + ".max", bench::percentile(segments, 1), "segments", "<= 1");
    bench::print_figure("preempt_delay." + name + ".p99", bench::percentile(delays, 0.99), "us");
  }

  std::string name;
  rig at;
  std::mt19937 random{3};
  double whole_ms = 0;
  std::vector<double> segments, delays;
  std::size_t late = 0;
};

} // namespace

int main(int argc, char** argv) {
  try {
    auto model = must(metadata::import_model(argc > 1 ? argv[1] : "build/models/resnet50/1/model.onnx", "resnet50"));
    auto rounds = bench::rounds_wanted(300);
    std::deque<series> all;
    all.emplace_back("quantum_default", model, defaults::quantum);
    all.emplace_back("quantum_0", model, duration::zero());
    all.emplace_back("again", model, defaults::quantum); // A/A: what noise looks like
    for (int i = 0; i < rounds; ++i)
      for (auto& s : all)
        s.once();
    for (const auto& s : all)
      s.report();
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "preempt_delay: %s\n", e.what());
    return 1;
  }
}
