#include <catch2/catch.hpp>

#include <chrono>
#include <random>
#include <thread>

#include "actors/runtime.hpp"
#include "metadata/onnx_import.hpp"
#include "tests/support/reference.hpp"

using namespace baton;
using metadata::position;
using scheduling::order;
using scheduling::steering;

namespace {

struct demo_model {
  std::string name;
  metadata::symbol_values symbols; ///< by the model's symbols
};

std::shared_ptr<const metadata::model> load(const std::string& name) {
  auto m = metadata::import_onnx(std::string{BATON_DEMO_MODELS} + "/" + name + "/1/model.onnx", name);
  INFO((m ? "" : m.error().message));
  REQUIRE(m);
  return *m;
}

std::vector<metadata::tensor> random_inputs(const metadata::model& m, const metadata::symbol_values& symbols) {
  std::mt19937 random{5};
  std::vector<metadata::tensor> result;
  for (auto v : m.inputs()) {
    metadata::tensor t{m.values()[v].type, m.shape(v, symbols)};
    if (t.type() == metadata::element_type::float32)
      for (auto& x : t.as_mutable<float>())
        x = static_cast<float>(random() % 1000) / 1000;
    else
      for (auto& x : t.as_mutable<std::int64_t>())
        x = static_cast<std::int64_t>(random() % 16); // the digits' tokens
    result.push_back(t);
  }
  return result;
}

class served {
public:
  served(const std::string& devices, const demo_model& m) : model_(load(m.name)) {
    actors::runtime_options o;
    o.devices = *gpu::parse_devices(devices);
    auto started = actors::runtime::start(std::move(o));
    REQUIRE(started);
    runtime_ = std::move(*started);
    symbols_ = m.symbols;
    symbols_.resize(model_->symbols().size(), m.symbols.back());
    auto added = runtime_->add_model(model_, {symbols_}, std::chrono::minutes{5});
    INFO((added ? "" : added.error().message));
    REQUIRE(added);
    id_ = *added;
    inputs_ = random_inputs(*model_, symbols_);
  }
  std::vector<metadata::tensor> run(std::vector<steering> steps) {
    actors::request r;
    r.model = id_;
    r.inputs = inputs_;
    r.pinned = {0};
    r.steps = std::move(steps);
    const auto submitted = runtime_->submit(std::move(r));
    REQUIRE(submitted);
    auto d = runtime_->results().pop(std::chrono::minutes{2});
    REQUIRE(d);
    INFO(d->message);
    REQUIRE(d->failure == errc::none);
    return d->outputs;
  }
  /// Every boundary before the end.
  std::vector<position> positions() const {
    std::vector<position> all;
    for (std::uint32_t layer = 0; layer < model_->layers().size(); ++layer) {
      auto parts = model_->layers()[layer].parts.bind(symbols_);
      for (std::uint32_t part = 0; part < parts; ++part)
        all.push_back({layer, part});
    }
    return all;
  }
  scheduling::engine_counters counters() const { return runtime_->counters().engine; }

private:
  std::shared_ptr<const metadata::model> model_;
  metadata::symbol_values symbols_;
  std::vector<metadata::tensor> inputs_;
  metadata::model_id id_;
  std::unique_ptr<actors::runtime> runtime_;
};

/// Runs the model once undisturbed and once per position with that step there; the bits must be the same.
void disturb_everywhere(const std::string& devices, const demo_model& m, order::kind what) {
  served s{devices, m};
  auto undisturbed = s.run({});
  auto all = s.positions();
  for (auto at : all) {
    INFO(m.name << " on " << devices << " at layer " << at.layer << ", part " << at.part);
    auto to = what == order::kind::hand_off ? metadata::device_id{1} : metadata::no_device;
    CHECK(testing::same_bits(s.run({{what, at, to}}), undisturbed));
  }
  // No step was missed. The last result may be here before the scheduler has counted its step.
  auto counted = [&] { return what == order::kind::hand_off ? s.counters().moves : s.counters().preemptions; };
  for (auto until = std::chrono::steady_clock::now() + std::chrono::seconds{10};
       counted() < all.size() && std::chrono::steady_clock::now() < until;)
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  CHECK(counted() == all.size());
}

const std::vector<demo_model> demo_models{{"digits_cnn", {1}},      {"digits_cnn", {4}}, {"digits_lstm", {1, 64}},
                                          {"digits_lstm", {4, 64}}, {"resnet50", {1}},   {"resnet50", {4}}};

} // namespace

TEST_CASE("a demo model moved within a domain, at every position, gives the same bits", "[reference]") {
  for (const auto& m : demo_models)
    disturb_everywhere("cpu:2", m, order::kind::hand_off);
}

TEST_CASE("a demo model moved to another domain, at every position, gives the same bits", "[reference]") {
  for (const auto& m : demo_models)
    disturb_everywhere("cpu:1@a,cpu:1@b", m, order::kind::hand_off);
}

TEST_CASE("a demo model preempted and resumed, at every position, gives the same bits", "[reference]") {
  for (const auto& m : demo_models)
    disturb_everywhere("cpu:1", m, order::kind::preempt);
}
