#include <atomic>
#include <mutex>
#include <random>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/actors/real_runtime.hpp"
#include "tests/support/model_builder.hpp"

using namespace baton;
using namespace baton::testing;
using namespace std::chrono_literals;
using actors::request;
using scheduling::order;

TEST_CASE("under many clients, cancels, crashes and moves every request ends once with the right bits", "[actors]") {
  auto devices = GENERATE(as<std::string>{}, places().together, places().apart, places().three);
  auto options = options_for(devices);
  options.max_open_requests = 64;
  auto r = start(options);
  struct kind {
    metadata::model_id id;
    model_ptr model;
    metadata::symbol_values symbols;
    tensors inputs, wanted;
  };
  std::vector<kind> kinds;
  for (auto& [m, symbols] :
       {std::pair{tiny_cnn(), metadata::symbol_values{1}}, {tiny_lstm(), {2, 5}}, {tiny_resnet(), {4}}}) {
    auto id = add(*r, m, {symbols});
    auto inputs = random_inputs(*m, symbols, 11);
    kinds.push_back({id, m, symbols, inputs, direct_run(m, inputs)});
  }
  auto device_count = static_cast<std::uint32_t>(r->devices().size());

  std::mutex mutex;
  std::map<std::uint64_t, std::size_t> open; // kind by request
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> submitted{0};
  auto client = [&](std::uint64_t seed) {
    std::mt19937_64 random(seed);
    auto up_to = [&](std::uint64_t n) { return random() % n; };
    while (!stop) {
      auto k = up_to(kinds.size());
      request q{.model = kinds[k].id, .inputs = kinds[k].inputs, .timeout = {}, .steps = {}};
      q.priority = static_cast<std::int32_t>(up_to(3));
      auto all = positions(*kinds[k].model, kinds[k].symbols);
      if (up_to(2) == 0)
        q.steps.push_back({up_to(2) ? order::kind::hand_off : order::kind::preempt,
                           all[up_to(all.size())],
                           {static_cast<std::uint32_t>(up_to(device_count))}});
      metadata::request_id id;
      {
        std::lock_guard guard(mutex);
        auto result = r->submit(std::move(q));
        if (!result) {
          if (result.error().code != errc::overloaded)
            std::abort();
        } else {
          id = *result;
          open[id.value] = k;
          ++submitted;
        }
      }
      if (id.value == 0)
        std::this_thread::sleep_for(200us);
      else if (up_to(10) == 0)
        r->cancel(id);
    }
  };
  std::vector<std::thread> clients;
  for (std::uint64_t i = 0; i < 4; ++i)
    clients.emplace_back(client, i + 1);
  std::map<errc, std::uint64_t> ends;
  std::uint64_t wrong = 0, unknown = 0, ended = 0;
  auto take = [&](const actors::done& d) {
    std::lock_guard guard(mutex);
    auto i = open.extract(d.request.value);
    ++ended;
    ++ends[d.failure];
    if (!i)
      ++unknown;
    else if (d.failure == errc::none && !identical(d.outputs, kinds[i.mapped()].wanted))
      ++wrong;
  };
  auto end = std::chrono::steady_clock::now() + 2s;
  auto crash = std::chrono::steady_clock::now();
  std::mt19937 random(5);
  while (std::chrono::steady_clock::now() < end) {
    if (auto d = r->results().pop(1ms))
      take(*d);
    if (std::chrono::steady_clock::now() > crash) {
      r->crash_worker({static_cast<std::uint32_t>(random() % device_count)});
      crash = std::chrono::steady_clock::now() + 50ms;
    }
  }
  stop = true;
  for (auto& c : clients)
    c.join();
  while (ended < submitted) {
    auto d = r->results().pop(30s);
    REQUIRE(d);
    take(*d);
  }
  CHECK(open.empty());
  CHECK(unknown == 0);
  CHECK(wrong == 0);
  CHECK(ends[errc::none] > 200);
  CHECK(ends[errc::none] + ends[errc::cancelled] + ends[errc::attempt_lost] == ended);
  REQUIRE(eventually([&] { return r->healthy(); }));
  CHECK(r->counters().open_requests == 0);
  CHECK(r->drain(1s));
}
