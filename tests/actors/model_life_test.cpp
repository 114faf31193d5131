#include <atomic>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/actors/real_runtime.hpp"
#include "tests/support/model_builder.hpp"

using namespace baton;
using namespace baton::testing;
using namespace std::chrono_literals;

namespace {

struct kind {
  model_ptr model;
  metadata::symbol_values symbols;
  tensors inputs = random_inputs(*model, symbols, 11);
  tensors wanted = direct_run(model, inputs);
};

actors::request ask(metadata::model_id id, const kind& k) {
  return {.model = id, .inputs = k.inputs, .timeout = {}, .steps = {}};
}

/// Of models, by domain: not the scratch arena that each device keeps for the largest plan it has run.
std::vector<std::size_t> bytes_in_use(const actors::runtime& r) {
  std::vector<std::size_t> all;
  for (const auto& m : r.counters().memory)
    all.push_back(m.weights + m.blocks);
  return all;
}

std::size_t scratch(const actors::runtime& r) {
  std::size_t bytes = 0;
  for (const auto& m : r.counters().memory)
    bytes += m.scratch;
  return bytes;
}

} // namespace

TEST_CASE("a model removed gives back all its memory, in every domain", "[actors]") {
  auto devices = GENERATE(as<std::string>{}, places().together, places().apart);
  auto r = start(options_for(devices));
  kind stays{tiny_cnn(), {1}};
  kind goes{tiny_resnet(), {4}};
  auto id = add(*r, stays.model, {stays.symbols});
  auto before = bytes_in_use(*r);
  std::size_t arenas = 0;
  for (int i = 0; i < 3; ++i) {
    auto gone = add(*r, goes.model, {goes.symbols, {1}});
    CHECK(bytes_in_use(*r) != before);
    for (int k = 0; k < 6; ++k)
      REQUIRE(r->submit(ask(gone, goes)));
    for (const auto& [request, d] : collect(*r, 6))
      CHECK(identical(d.outputs, goes.wanted));
    REQUIRE(r->remove_model(gone, 10s));
    CHECK(bytes_in_use(*r) == before);
    CHECK((i < 2 || scratch(*r) == arenas)); // each device has run the model by then
    arenas = scratch(*r);
    CHECK(r->submit(ask(gone, goes)).error().code == errc::not_found);
    CHECK(r->remove_model(gone, 10s).error().code == errc::not_found);
    CHECK_FALSE(r->find_model(gone));
  }
  CHECK(identical(run(*r, ask(id, stays)).outputs, stays.wanted));
}

TEST_CASE("what is open of a removed model ends normally, or as unavailable when time is up", "[actors]") {
  auto r = start(options_for(places().one));
  kind slow{tiny_resnet(), {places().long_batch / 4}};
  auto before = bytes_in_use(*r);
  auto patient = GENERATE(true, false);
  auto id = add(*r, slow.model, {slow.symbols});
  constexpr std::size_t requests = 60; // more than are done before this thread has its turn again
  for (std::size_t i = 0; i < requests; ++i)
    REQUIRE(r->submit(ask(id, slow)));
  REQUIRE(r->remove_model(id, patient ? 60s : 0s));
  CHECK(bytes_in_use(*r) == before);
  std::size_t ended_well = 0;
  for (const auto& [request, d] : collect(*r, requests)) {
    ended_well += d.failure == errc::none;
    if (d.failure == errc::none) {
      CHECK(identical(d.outputs, slow.wanted));
    } else {
      CHECK(d.failure == errc::unavailable);
      CHECK_THAT(d.message, Catch::Matchers::Contains("unloaded"));
    }
  }
  CHECK((patient ? ended_well == requests : ended_well < requests));
}

TEST_CASE("a model whose plans are still being built can be given up, and leaves nothing", "[actors]") {
  auto r = start(options_for(places().one));
  kind big{tiny_resnet(), {64}};
  auto before = bytes_in_use(*r);
  CHECK_FALSE(r->add_model(big.model, {{64}, {32}, {16}}, 0ms));
  CHECK(eventually([&] { return bytes_in_use(*r) == before && r->counters().open_requests == 0; }));
  auto id = add(*r, big.model, {big.symbols});
  CHECK(identical(run(*r, ask(id, big)).outputs, big.wanted));
}

TEST_CASE("models come and go under traffic and deaths, and every other model's answers stay right", "[actors]") {
  auto devices = GENERATE(as<std::string>{}, places().together, places().apart);
  auto r = start(options_for(devices));
  std::vector<kind> kinds{{tiny_cnn(), {1}}, {tiny_lstm(), {2, 5}}, {tiny_resnet(), {4}}};
  auto before = bytes_in_use(*r);
  std::vector<metadata::model_id> lasting;
  for (const auto& k : kinds)
    lasting.push_back(add(*r, k.model, {k.symbols}));

  std::mutex mutex;
  std::map<std::uint64_t, std::size_t> open; // kind by request
  std::map<errc, std::uint64_t> ends;
  std::uint64_t wrong = 0, passing = 0;
  auto submit = [&](std::size_t k, metadata::model_id id) {
    std::lock_guard guard(mutex);
    auto request = r->submit(ask(id, kinds[k]));
    if (request)
      open[request->value] = k;
    return request.has_value();
  };
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    while (!stop || r->counters().open_requests > 0 || r->results().size() > 0) {
      auto d = r->results().pop(1ms);
      if (!d)
        continue;
      std::lock_guard guard(mutex);
      auto node = open.extract(d->request.value);
      ++ends[d->failure];
      wrong += !node || (d->failure == errc::none && !identical(d->outputs, kinds[node.mapped()].wanted));
    }
  });
  constexpr std::size_t most_open = 100; // a slow machine must not refuse anything for lack of room
  std::thread traffic([&] {
    for (std::size_t n = 0; !stop; ++n) {
      if (r->counters().open_requests < most_open)
        submit(n % kinds.size(), lasting[n % kinds.size()]);
      std::this_thread::sleep_for(200us);
    }
  });
  for (int i = 0; i < 30; ++i) {
    auto k = static_cast<std::size_t>(i) % kinds.size();
    auto id = r->add_model(kinds[k].model, {kinds[k].symbols}, 60s);
    REQUIRE(id);
    for (int n = 0; n < 5; ++n)
      passing += submit(k, *id);
    if (i % 3 == 0)
      r->crash_worker({static_cast<std::uint32_t>(i) % 2});
    REQUIRE(r->remove_model(*id, 30s));
    CHECK_FALSE(submit(k, *id));
  }
  stop = true;
  traffic.join();
  reader.join();
  CHECK(wrong == 0);
  CHECK(passing == 150);
  CHECK(open.empty());
  CHECK(ends[errc::none] > 150);
  CHECK(ends[errc::unavailable] == 0);
  REQUIRE(eventually([&] { return r->healthy(); }));
  for (auto id : lasting)
    REQUIRE(r->remove_model(id, 30s));
  CHECK(bytes_in_use(*r) == before);
}

TEST_CASE("models that do not all fit make room for each other, and answer as ever", "[actors]") {
  const auto wide = [](std::uint64_t seed) {
    model_builder b("wide" + std::to_string(seed), seed);
    const auto n = b.symbol("N");
    return b.output(b.linear(b.linear(b.input("x", {n, 600}), 600), 600)).build();
  };
  std::vector<kind> kinds;
  for (std::uint64_t seed = 1; seed <= 4; ++seed)
    kinds.push_back({wide(seed), {1}});
  const auto most = [](const actors::runtime& r) {
    std::size_t bytes = 0;
    for (const auto& m : r.counters().memory)
      bytes = std::max(bytes, m.weights + m.blocks + m.scratch);
    return bytes;
  };
  auto options = options_for(places().one);
  options.machine.memory_limit = std::uint64_t{128} << 20; // all fit
  std::vector<std::size_t> used;
  {
    auto r = start(options);
    for (const auto& k : {kinds[0], kinds[1]}) {
      run(*r, ask(add(*r, k.model, {k.symbols}), k));
      used.push_back(most(*r));
    }
  }
  REQUIRE(used[1] - used[0] > 600 * 600 * 4);
  options.machine.memory_limit = used[1] + (used[1] - used[0]) / 2; // two do
  auto r = start(options);
  std::vector<metadata::model_id> ids;
  for (const auto& k : kinds)
    ids.push_back(add(*r, k.model, {k.symbols}));
  CHECK(r->counters().engine.evictions >= 2);
  for (int turn = 0; turn < 3; ++turn)
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      const auto d = run(*r, ask(ids[i], kinds[i]));
      CAPTURE(d.message);
      CHECK(d.failure == errc::none);
      CHECK(identical(d.outputs, kinds[i].wanted));
    }
  std::map<std::uint64_t, std::size_t> of;
  for (std::size_t n = 0; n < 40; ++n)
    of[r->submit(ask(ids[n % 4], kinds[n % 4])).value().value] = n % 4;
  for (const auto& [request, d] : collect(*r, 40))
    CHECK(identical(d.outputs, kinds[of.at(request)].wanted));
  CHECK(most(*r) <= options.machine.memory_limit);
  CHECK(r->healthy());
}
