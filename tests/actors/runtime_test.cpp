#include <filesystem>
#include <fstream>
#include <map>

#include <catch2/catch.hpp>

#include "scheduling/engine_log.hpp"
#include "scheduling/policy.hpp"
#include "tests/actors/real_runtime.hpp"
#include "tests/support/model_builder.hpp"

using namespace baton;
using namespace baton::testing;
using namespace std::chrono_literals;
using actors::request;
using scheduling::order;

namespace {

struct sample {
  model_ptr model;
  metadata::symbol_values symbols;
  metadata::model_id id{};
};

std::vector<sample> samples(std::int64_t batch) {
  return {{tiny_cnn(), {batch}}, {tiny_lstm(), {batch, 6}}, {tiny_resnet(), {batch}}};
}

request ask(const sample& s, const tensors& inputs) {
  return {.model = s.id, .inputs = inputs, .timeout = {}, .steps = {}};
}

} // namespace

TEST_CASE("results are those of a run on the bare device, on any devices, batch and quantum", "[actors]") {
  auto devices = GENERATE(from_range(places().alone), from_range(places().pairs));
  auto quantum = GENERATE(0us, std::chrono::microseconds{scheduling::defaults::quantum});
  auto batch = GENERATE(1, 4);
  CAPTURE(devices, quantum.count(), batch);
  auto options = options_for(devices);
  options.quantum = quantum;
  auto r = start(options);
  for (auto& s : samples(batch)) {
    CAPTURE(s.model->name());
    s.id = add(*r, s.model, {s.symbols});
    auto inputs = random_inputs(*s.model, s.symbols, 3);
    auto wanted = direct_run(s.model, inputs);
    std::size_t n = 4;
    for (std::size_t i = 0; i < n; ++i)
      REQUIRE(r->submit(ask(s, inputs)));
    for (const auto& [id, d] : collect(*r, n)) {
      CHECK(d.failure == errc::none);
      CHECK(identical(d.outputs, wanted));
      CHECK(d.attempts == 1);
      CHECK(d.total > 0ns);
      CHECK(d.computing > 0ns);
      CHECK(d.queued >= 0ns);
      CHECK(d.moving >= 0ns);
      CHECK(d.queued + d.computing + d.moving <= d.total);
      REQUIRE(d.layer_time.size() == s.model->layers().size());
      metadata::duration sum{};
      for (auto t : d.layer_time)
        sum += t;
      CHECK(sum > 0ns);
      CHECK(sum <= d.computing + 1ms);
    }
  }
  CHECK(r->counters().open_requests == 0);
}

TEST_CASE("preempted and resumed, or moved, at every position a request gives the same bits", "[actors]") {
  auto devices = GENERATE(from_range(places().pairs));
  auto quantum = GENERATE(0us, std::chrono::microseconds{scheduling::defaults::quantum});
  CAPTURE(devices, quantum.count());
  auto options = options_for(devices);
  options.quantum = quantum;
  auto r = start(options);
  for (auto& s : samples(2)) {
    CAPTURE(s.model->name());
    s.id = add(*r, s.model, {s.symbols});
    auto inputs = random_inputs(*s.model, s.symbols, 5);
    auto wanted = direct_run(s.model, inputs);
    for (auto what : {order::kind::preempt, order::kind::hand_off}) {
      for (std::uint32_t to : {0U, 1U}) {
        if (what == order::kind::hand_off && to == 0)
          continue;
        auto before = r->counters().engine;
        auto all = positions(*s.model, s.symbols);
        for (auto at : all) {
          auto q = ask(s, inputs);
          q.pinned = {0};
          q.steps = {{what, at, {to}}};
          auto d = run(*r, std::move(q));
          CAPTURE(at.layer, at.part, static_cast<int>(what), to);
          CHECK(d.failure == errc::none);
          CHECK(identical(d.outputs, wanted));
          CHECK(d.device.value == to);
          CHECK(d.attempts == 1);
        }
        auto counted = [&] {
          auto after = r->counters().engine;
          return (what != order::kind::preempt || after.preemptions - before.preemptions == all.size())
                 && (to != 1 || after.moves - before.moves == all.size());
        };
        CHECK(eventually(counted));
      }
    }
  }
}

TEST_CASE("a request that is moved back and forth all the way gives the same bits", "[actors]") {
  auto devices = GENERATE(as<std::string>{}, places().together, places().apart);
  auto r = start(options_for(devices));
  for (auto& s : samples(1)) {
    CAPTURE(devices, s.model->name());
    s.id = add(*r, s.model, {s.symbols});
    auto inputs = random_inputs(*s.model, s.symbols, 7);
    auto q = ask(s, inputs);
    q.pinned = {0};
    std::uint32_t to = 0;
    for (auto at : positions(*s.model, s.symbols))
      q.steps.push_back({order::kind::hand_off, at, {to = 1 - to}});
    auto d = run(*r, std::move(q));
    CHECK(d.failure == errc::none);
    CHECK(identical(d.outputs, direct_run(s.model, inputs)));
  }
}

TEST_CASE("a bad request is refused at once with one sentence", "[actors]") {
  auto r = start(options_for(places().one));
  sample s{tiny_cnn(), {1}};
  s.id = add(*r, s.model, {s.symbols});
  auto good = ask(s, random_inputs(*s.model, s.symbols));
  auto refused = [&](request q, errc code, const std::string& text) {
    auto result = r->submit(std::move(q));
    REQUIRE_FALSE(result);
    CHECK(result.error().code == code);
    CHECK_THAT(result.error().message, Catch::Matchers::Contains(text));
  };
  auto q = good;
  q.model = {7};
  refused(q, errc::not_found, "number 7");
  q = good;
  q.inputs.clear();
  refused(q, errc::bad_request, "1 inputs, the request has 0");
  q = good;
  q.inputs = {metadata::tensor(metadata::element_type::float32, {1, 1, 9, 8})};
  refused(q, errc::bad_request, "image");
  q = good;
  q.inputs = {metadata::tensor(metadata::element_type::int64, {1, 1, 8, 8})};
  refused(q, errc::bad_request, "image");
  q = good;
  q.inputs = {metadata::tensor(metadata::element_type::float32, {0, 1, 8, 8})};
  refused(q, errc::bad_request, "");
  q = good;
  q.pinned = {1};
  refused(q, errc::bad_request, "device 1");
  q = good;
  q.steps = {{order::kind::hand_off, {1, 0}, {4}}};
  refused(q, errc::bad_request, "device 4");
  q.steps = {{order::kind::hand_off, {1, 5}, {0}}};
  refused(q, errc::bad_request, "part 5");
  q.steps = {{order::kind::hand_off, {100, 0}, {0}}};
  refused(q, errc::bad_request, "layer 100");
  q = good;
  q.timeout = 0ns;
  refused(q, errc::bad_request, "timeout");
  CHECK(r->counters().open_requests == 0);
}

TEST_CASE("an index that is out of range fails its own request and no other", "[actors]") {
  auto r = start(options_for(places().one));
  sample s{tiny_lstm(), {1, 6}};
  s.id = add(*r, s.model, {s.symbols});
  auto inputs = random_inputs(*s.model, s.symbols);
  auto bad = inputs;
  bad[0] = metadata::tensor(metadata::element_type::int64, {1, 6});
  bad[0].as_mutable<std::int64_t>()[3] = 1'000'000;
  auto d = run(*r, ask(s, bad));
  CHECK(d.failure == errc::bad_request);
  CHECK(d.attempts == 1);
  CHECK(d.device == metadata::no_device);
  CHECK_THAT(d.message, Catch::Matchers::Contains("1000000"));
  CHECK(run(*r, ask(s, inputs)).failure == errc::none);
}

TEST_CASE("models of one name are told apart by their ids, and warm shapes must fit the symbols", "[actors]") {
  auto r = start(options_for(places().one));
  CHECK(r->add_model(tiny_cnn(), {{1, 2}}, 10s).error().code == errc::bad_argument);
  auto first = add(*r, tiny_cnn(), {{1}});
  auto second = add(*r, tiny_cnn(), {{1}});
  CHECK(first != second);
  CHECK(r->find_model(first));
  CHECK(r->find_model(second) != r->find_model(first));
  CHECK_FALSE(r->find_model({99}));
}

TEST_CASE("a shape not seen before is built when it is asked for", "[actors]") {
  auto r = start(options_for(places().together));
  auto m = tiny_cnn();
  auto id = add(*r, m, {});
  for (std::int64_t batch : {3, 1, 3}) {
    auto inputs = random_inputs(*m, {batch});
    auto d = run(*r, {.model = id, .inputs = inputs, .timeout = {}, .steps = {}});
    CHECK(d.failure == errc::none);
    CHECK(identical(d.outputs, direct_run(m, inputs)));
  }
}

TEST_CASE("too little memory for a model is an error that says so", "[actors]") {
  auto options = options_for(places().one);
  options.machine.memory_limit = 512;
  auto r = start(options);
  auto added = r->add_model(tiny_resnet(), {{1}}, 20s);
  REQUIRE_FALSE(added);
  CHECK(added.error().code == errc::out_of_memory);
  CHECK_THAT(added.error().message, Catch::Matchers::Contains("tiny_resnet"));
  CHECK(r->healthy());
}

TEST_CASE("what cannot start says why", "[actors]") {
  auto options = options_for(places().one);
  options.policy = "astrology";
  CHECK_THAT(actors::runtime::start(options).error().message, Catch::Matchers::Contains("astrology"));
  options = options_for(places().one);
  options.engine_log = "/nonexistent/engine.log";
  CHECK(actors::runtime::start(options).error().code == errc::io);
  options = options_for(places().one);
  options.devices.clear();
  CHECK(actors::runtime::start(options).error().code == errc::bad_argument);
}

TEST_CASE("every policy serves, or says that it is not live yet", "[actors]") {
  auto policies = scheduling::policy_names();
  policies.insert(policies.end(), {"clockwork:8", "marginal:slo:8"});
  for (const auto name : policies) {
    const std::string policy(name);
    CAPTURE(policy);
    auto options = options_for(places().apart);
    options.policy = policy;
    if (scheduling::make_policy(policy)->most_rows() > 1) {
      CHECK_THAT(actors::runtime::start(options).error().message,
                 Catch::Matchers::Contains("'" + policy + "' is not live yet"));
      continue;
    }
    auto r = start(options);
    auto all = samples(1);
    std::map<std::uint64_t, tensors> wanted;
    for (auto& s : all)
      s.id = add(*r, s.model, {s.symbols});
    for (std::uint32_t i = 0; i < 12; ++i) {
      const auto& s = all[i % all.size()];
      const auto inputs = random_inputs(*s.model, s.symbols, i);
      auto q = ask(s, inputs);
      q.priority = static_cast<std::int32_t>(i % 3);
      q.timeout = 30s;
      const auto submitted = r->submit(std::move(q));
      REQUIRE(submitted);
      wanted[submitted->value] = direct_run(s.model, inputs);
    }
    for (const auto& [id, d] : collect(*r, wanted.size())) {
      CHECK(d.failure == errc::none);
      CHECK(identical(d.outputs, wanted.at(id)));
    }
  }
}

TEST_CASE("an engine log of a real run replays to the same actions", "[actors]") {
  auto file = std::filesystem::temp_directory_path() / "baton_runtime_test_engine.log";
  auto options = options_for(places().apart);
  options.engine_log = file;
  {
    auto r = start(options);
    auto all = samples(1);
    for (auto& s : all)
      s.id = add(*r, s.model, {s.symbols});
    std::size_t n = 0;
    for (std::uint32_t i = 0; i < 60; ++i, ++n) {
      const auto& s = all[i % all.size()];
      auto q = ask(s, random_inputs(*s.model, s.symbols, i));
      q.priority = static_cast<std::int32_t>(i % 4);
      q.steps = {{order::kind::hand_off, {1 + i % 3, 0}, {i % 2}}};
      const auto submitted = r->submit(std::move(q));
      REQUIRE(submitted);
    }
    r->crash_worker({0});
    for (const auto& [id, d] : collect(*r, n))
      CHECK(d.failure == errc::none);
  }
  std::ifstream in(file);
  auto result = scheduling::replay([&](std::string& line) { return static_cast<bool>(std::getline(in, line)); });
  if (!result)
    FAIL(result.error().message);
  CHECK(result->complete);
  CHECK(result->events > 180);
  CHECK(result->first_difference == 0);
  std::filesystem::remove(file);
}
