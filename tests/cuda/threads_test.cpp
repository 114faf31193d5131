/// What the real system does with its threads, without actors, whose framework TSan cannot see into: a thread per
/// device, copies on threads of their own.
#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/cuda/gpus.hpp"
#include "tests/support/reference.hpp"

using namespace baton;
using namespace baton::testing;

namespace {

std::unique_ptr<gpu::machine> gpus(const char* devices) {
  return open_gpus(devices, {.graphs = gpu::graph_use::always});
}

/// A request that has been moved.
struct arrival {
  gpu::bindings data;
  metadata::position at;
};

/// For how long a thread waits for another. An end, should one hang; under TSan nothing here takes a tenth of it.
constexpr std::chrono::seconds patience{120};

/// A device's thread, as others see it.
struct side {
  std::uint32_t index = 0;
  std::shared_ptr<gpu::domain> home;
  std::shared_ptr<const gpu::plan> plan;

  void push(arrival a) {
    {
      std::lock_guard lock(mutex);
      arrivals.push_back(std::move(a));
    }
    some.notify_one();
  }
  /// Nothing more is pushed.
  void close() {
    {
      std::lock_guard lock(mutex);
      closed = true;
    }
    some.notify_one();
  }
  /// Throws if nothing comes any more.
  arrival pop() {
    std::unique_lock lock(mutex);
    if (!some.wait_for(lock, patience, [&] { return closed || !arrivals.empty(); }) || arrivals.empty())
      throw std::runtime_error("nothing came from the other side");
    auto a = std::move(arrivals.front());
    arrivals.pop_front();
    return a;
  }

  std::mutex mutex;
  std::condition_variable some;
  std::deque<arrival> arrivals;
  bool closed = false;
};

/// Begins requests and sends them on while they may still run, ends those that come; how many ended wrong. Catch's
/// assertions belong to one thread.
int exchange_requests(gpu::machine& machine, side& me, side& other, const std::vector<metadata::tensor>& inputs,
                      const std::vector<metadata::tensor>& wanted) {
  bench_device device(how, machine, me.index);
  auto copier = demand(other.home->open_copy_engine());
  const auto all = positions(*me.plan);
  int wrong = 0;
  for (std::size_t i = 1; i + 1 < all.size(); ++i) {
    auto before = device.bind(*me.plan, inputs);
    arrival after{.data = {.activations = demand(other.home->allocate(other.plan->block_bytes()))}, .at = all[i]};
    after.data.inputs.assign(inputs.size(), nullptr);
    const auto issued = demand(device.get().submit(
        {.plan = me.plan.get(), .begin = {}, .end = all[i], .data = &before, .lane = {}, .waits = {}}));
    std::thread transfer([&] {
      const auto copied =
          copier->copy({me.plan.get(), &before, issued}, {other.plan.get(), &after.data}, all[i], nullptr);
      wrong += !copied;
    });
    gpu::completion done;
    device.get().wait_any(patience);
    const auto polled = device.get().poll({&done, 1});
    transfer.join();
    if (polled == 0)
      throw std::runtime_error("a submission did not complete");
    wrong += done.failure.has_value();
    other.push(std::move(after));
    auto come = me.pop();
    wrong += device.run(*me.plan, come.data, come.at, me.plan->profile().end()).failure.has_value();
    wrong += !same_bits(device.outputs(*me.plan, come.data), wanted);
  }
  return wrong;
}

/// What fails is thrown: it counts as wrong, and `other` waits no longer.
int exchange_until_failure(gpu::machine& machine, side& me, side& other, const std::vector<metadata::tensor>& inputs,
                           const std::vector<metadata::tensor>& wanted) {
  int wrong = 1;
  try {
    wrong = exchange_requests(machine, me, other, inputs, wanted);
  } catch (const std::exception&) {
  }
  other.close();
  return wrong;
}

} // namespace

TEST_CASE("threads of devices that exchange requests at every position all get the same bits", "[cuda][threads]") {
  const bool linked = GENERATE(true, false);
  auto machine = gpus("cuda:0,cuda:0,cuda:1");
  fake_cuda::set_peers(linked);
  for (const auto& [model, symbols] :
       {std::pair{tiny_resnet(), metadata::symbol_values{2}}, {tiny_lstm(), metadata::symbol_values{1, 4}}}) {
    CAPTURE(model->name(), linked);
    const auto inputs = random_inputs(*model, symbols, 3);
    std::vector<metadata::tensor> wanted;
    side near{.index = 0};
    side neighbour{.index = 1};
    side far{.index = 2};
    for (auto* s : {&near, &neighbour, &far}) {
      bench_device device(how, *machine, s->index);
      s->home = machine->domains()[device.get().description().domain.value];
      s->plan = device.plan(model, symbols);
      wanted = device.infer(*s->plan, inputs);
    }
    std::atomic<int> wrong{0};
    std::atomic<bool> stop{false};
    std::thread one([&] { wrong += exchange_until_failure(*machine, near, far, inputs, wanted); });
    std::thread two([&] { wrong += exchange_until_failure(*machine, far, near, inputs, wanted); });
    // Meanwhile another device of the same card computes, and builds plans.
    std::thread three([&, &model = model, &symbols = symbols] {
      try {
        bench_device device(how, *machine, neighbour.index);
        while (!stop) {
          wrong += !same_bits(device.infer(*neighbour.plan, inputs), wanted);
          wrong += !same_bits(device.infer(*device.plan(model, symbols), inputs), wanted);
        }
      } catch (const std::exception&) {
        ++wrong;
      }
    });
    one.join();
    two.join();
    stop = true;
    three.join();
    CHECK(wrong == 0);
  }
  fake_cuda::set_peers(true);
}

TEST_CASE("a GPU that is lost under the threads of its devices ends what these do, and nothing else",
          "[cuda][threads]") {
  auto machine = gpus("cuda:0,cuda:0,cuda:1");
  auto model = tiny_resnet();
  const auto inputs = random_inputs(*model, {2}, 3);
  const auto wanted = reference_run(*model, {2}, inputs);
  std::array<std::atomic<int>, 3> runs{};
  std::atomic<int> wrong{0};
  std::atomic<int> failed{0};
  std::atomic<bool> stop{false};
  const auto work = [&](std::uint32_t index) {
    try {
      bench_device device(how, *machine, index);
      auto plan = device.plan(model, {2});
      while (!stop) {
        wrong += relative_difference(device.infer(*plan, inputs)[0], wanted[0]) > 1e-5;
        ++runs[index];
      }
    } catch (const std::exception&) { // what fails is thrown by `demand` and `infer`
      ++failed;
    }
  };
  std::thread one(work, 0);
  std::thread two(work, 1);
  std::thread other(work, 2);
  const auto wait_for = [&](std::size_t index, int n) {
    const auto limit = std::chrono::steady_clock::now() + patience;
    for (const auto until = runs[index] + n; runs[index] < until && failed < 3;) {
      if (std::chrono::steady_clock::now() > limit)
        return false;
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    return true;
  };
  auto went_on = true;
  for (std::size_t i = 0; i < runs.size(); ++i)
    went_on = wait_for(i, 3) && went_on;
  CHECK(failed == 0);
  fake_cuda::lose(0);
  // They end by themselves, those that have not been told to.
  const auto limit = std::chrono::steady_clock::now() + patience;
  while (failed < 2 && std::chrono::steady_clock::now() < limit)
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  CHECK(failed == 2);
  CHECK(wait_for(2, 3));
  stop = true;
  for (auto* t : {&one, &two, &other})
    t->join();
  CHECK(went_on);
  CHECK(failed == 2);
  CHECK(wrong == 0);
  machine.reset();
  fake_cuda::heal();
}
