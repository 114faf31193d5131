#include <atomic>
#include <mutex>
#include <random>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/actors/real_runtime.hpp"
#include "tests/fake_cuda/fake_cuda.hpp"
#include "tests/support/model_builder.hpp"
#include "tests/support/reference.hpp"

/// The real system on GPUs of the stand-in, and on CPU devices beside them.
using namespace baton;
using namespace baton::testing;
using namespace std::chrono_literals;
using actors::request;
using scheduling::order;

namespace {

/// A model at a shape, its inputs, and what must come out.
struct sample {
  metadata::model_id id;
  model_ptr model;
  metadata::symbol_values symbols;
  tensors inputs;
  tensors wanted;

  request ask() const { return {.model = id, .inputs = inputs, .timeout = {}, .steps = {}}; }
  bool is_right(const tensors& got) const {
    if (got.size() != wanted.size())
      return false;
    for (std::size_t i = 0; i < got.size(); ++i)
      if (relative_difference(got[i], wanted[i]) > 1e-5)
        return false;
    return true;
  }
};

std::vector<sample> samples(actors::runtime& r) {
  std::vector<sample> result;
  for (auto& [m, symbols] :
       {std::pair{tiny_cnn(), metadata::symbol_values{1}}, {tiny_lstm(), {2, 4}}, {tiny_resnet(), {4}}}) {
    auto id = add(r, m, {symbols});
    auto inputs = random_inputs(*m, symbols, 11);
    auto wanted = reference_run(*m, symbols, inputs);
    result.push_back({id, m, symbols, std::move(inputs), std::move(wanted)});
  }
  return result;
}

} // namespace

TEST_CASE("preempted and resumed, or moved between GPUs, at every position a request gives the same bits", "[cuda]") {
  fake_cuda::heal();
  auto r = start(options_for("cuda:0,cuda:1,cpu:1"));
  for (const auto& s : samples(*r)) {
    auto undisturbed = [&](std::uint32_t device) {
      auto q = s.ask();
      q.pinned = {device};
      return run(*r, std::move(q)).outputs;
    };
    const auto on_gpu = undisturbed(0);
    CHECK(s.is_right(on_gpu));
    CHECK(identical(undisturbed(1), on_gpu));
    for (auto at : positions(*s.model, s.symbols)) {
      CAPTURE(s.model->name(), at.layer, at.part);
      const auto disturbed = [&](std::uint32_t begins, order::kind what, std::uint32_t to) {
        auto q = s.ask();
        q.pinned = {begins};
        q.steps = {{what, at, {to}}};
        auto d = run(*r, std::move(q));
        CHECK(d.failure == errc::none);
        CHECK(d.attempts == 1);
        CHECK(d.device.value == to);
        return d.outputs;
      };
      CHECK(identical(disturbed(0, order::kind::preempt, 0), on_gpu));
      CHECK(identical(disturbed(0, order::kind::hand_off, 1), on_gpu));
      CHECK(s.is_right(disturbed(1, order::kind::hand_off, 2)));
      CHECK(s.is_right(disturbed(2, order::kind::hand_off, 0)));
    }
  }
}

TEST_CASE("under cancels, moves, dying workers and a GPU that is lost every request ends once and right", "[cuda]") {
  fake_cuda::heal();
  fake_cuda::delay(50);
  auto options = options_for("cuda:0,cuda:1,cuda:2,cpu:1");
  options.max_open_requests = 32;
  auto r = start(std::move(options));
  const auto kinds = samples(*r);
  constexpr std::uint32_t device_count = 4;

  std::mutex mutex;
  std::map<std::uint64_t, std::size_t> open; // kind by request
  std::atomic<bool> stop{false};
  std::uint64_t submitted = 0;
  auto client = [&](std::uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto up_to = [&](std::uint64_t n) { return random() % n; };
    while (!stop) {
      const auto k = up_to(kinds.size());
      auto q = kinds[k].ask();
      q.priority = static_cast<std::int32_t>(up_to(3));
      const auto all = positions(*kinds[k].model, kinds[k].symbols);
      if (up_to(2) == 0)
        q.steps.push_back({up_to(2) ? order::kind::hand_off : order::kind::preempt,
                           all[up_to(all.size())],
                           {static_cast<std::uint32_t>(up_to(device_count))}});
      std::optional<metadata::request_id> id;
      {
        std::lock_guard guard(mutex);
        if (auto result = r->submit(std::move(q))) {
          id = *result;
          open[id->value] = k;
          ++submitted;
        }
      }
      if (!id)
        std::this_thread::sleep_for(200us);
      else if (up_to(10) == 0)
        r->cancel(*id);
    }
  };
  std::thread one(client, 1);
  std::thread two(client, 2);
  std::map<errc, std::uint64_t> ends;
  std::uint64_t wrong = 0;
  std::uint64_t unknown = 0;
  std::uint64_t ended = 0;
  const auto take = [&](const actors::done& d) {
    std::lock_guard guard(mutex);
    auto i = open.extract(d.request.value);
    ++ended;
    ++ends[d.failure];
    if (!i)
      ++unknown;
    else if (d.failure == errc::none && !kinds[i.mapped()].is_right(d.outputs))
      ++wrong;
  };
  const auto pop_for = [&](std::chrono::milliseconds time) {
    for (const auto end = std::chrono::steady_clock::now() + time; std::chrono::steady_clock::now() < end;)
      if (auto d = r->results().pop(1ms))
        take(*d);
  };
  pop_for(500ms);
  r->crash_worker({1});
  pop_for(500ms);
  fake_cuda::lose(0);
  pop_for(500ms);
  r->crash_worker({2});
  pop_for(500ms);
  stop = true;
  one.join();
  two.join();
  while (ended < submitted) {
    auto d = r->results().pop(30s);
    REQUIRE(d);
    take(*d);
  }
  CHECK(open.empty());
  CHECK(unknown == 0);
  CHECK(wrong == 0);
  CHECK(ends[errc::none] > 50);
  // A request whose device is lost under it begins again once; a second blow ends it.
  CHECK(ends[errc::none] + ends[errc::cancelled] + ends[errc::attempt_lost] + ends[errc::device_failed]
            + ends[errc::unavailable]
        == ended);
  // What asks for the lost GPU is told so, and the others serve.
  auto q = kinds[0].ask();
  auto d = run(*r, std::move(q));
  CAPTURE(d.message);
  CHECK(d.failure == errc::none);
  CHECK(d.device.value != 0);
  CHECK(r->drain(1s));
  r.reset();
  fake_cuda::heal();
}

TEST_CASE("a layer that a GPU cannot run is run on a CPU device, within the same request", "[cuda]") {
  fake_cuda::heal();
  fake_cuda::refuse_convolutions(1); // of the residual network, the shortcut of the last block
  {
    auto r = start(options_for("cuda:0,cpu:1"));
    const auto all = samples(*r);
    for (const auto& s : all) {
      CAPTURE(s.model->name());
      auto q = s.ask();
      q.pinned = {0};
      const auto d = run(*r, std::move(q));
      CHECK(d.failure == errc::none);
      CHECK(s.is_right(d.outputs));
      CHECK(d.attempts == 1);
      CHECK(d.device.value == (s.model->name() == "tiny_resnet" ? 1 : 0));
    }
    // Moved by hand besides, wherever.
    const auto& resnet = all.back();
    const auto everywhere = positions(*resnet.model, resnet.symbols);
    for (auto at : everywhere) {
      CAPTURE(at.layer);
      auto q = resnet.ask();
      q.pinned = {0};
      q.steps = {{order::kind::hand_off, at, {1}}, {order::kind::hand_off, everywhere.back(), {0}}};
      const auto d = run(*r, std::move(q));
      CHECK(d.failure == errc::none);
      CHECK(resnet.is_right(d.outputs));
    }
    CHECK(r->drain(1s));
  }
  auto alone = start(options_for("cuda:0"));
  auto refused = alone->add_model(tiny_resnet(), {{4}}, 30s);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::bad_model);
  CHECK_THAT(refused.error().message, Catch::Contains("cuDNN has no algorithm for this convolution"));
  fake_cuda::refuse_convolutions(0);
}
