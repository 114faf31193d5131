#include <catch2/catch.hpp>

#include "metadata/defaults.hpp"
#include "metadata/measured_models.hpp"
#include "metadata/rate.hpp"
#include "metadata/roofline.hpp"
#include "tests/support/model_builder.hpp"

using namespace baton;
using namespace baton::metadata;
using namespace baton::testing;

namespace {

/// Layers as ResNet-18's, of one or the other kind of cost: 3x3 convolution, batch norm, linear.
model_ptr picture_layers() {
  model_builder b("layers");
  const auto n = b.symbol("N");
  const auto x = b.input("x", {n, 64, 56, 56});
  conv_options o;
  o.channels = 64;
  o.pads = {1, 1, 1, 1};
  const auto y = b.batch_norm(b.conv(x, o), true);
  return b.output(b.linear(b.view(b.global_average_pool(y), {n, 64}), 1000)).build();
}

const device_kind& kind(std::string_view name) {
  return *find_device_kind(name).value();
}

constexpr std::uint32_t rows[] = {1, 2, 8, 64};

} // namespace

TEST_CASE("costs of a graph are its weights and live sets", "[metadata]") {
  const auto m = picture_layers();
  const auto costs = costs_of(*m, symbol_values{77}).value();
  CHECK(costs.check());
  CHECK(costs.name == "layers");
  CHECK(costs.layers.front() == m->layers().front().name);
  CHECK(costs.weight_bytes == m->weight_bytes());
  CHECK(costs.input_bytes == 64 * 56 * 56 * 4);
  CHECK(costs.output_bytes == 4000);
  CHECK(costs.live_bytes.front() == costs.input_bytes);
  CHECK(costs.live_bytes.back() == costs.output_bytes);
  CHECK(costs.by_kind.empty());
}

TEST_CASE("a layer is bound by arithmetic or by memory", "[metadata]") {
  const auto m = picture_layers();
  auto costs = costs_of(*m, symbol_values{1}).value();
  for (const auto* name : {"GTX 1080 Ti", "H100"}) {
    const auto& k = kind(name);
    REQUIRE(add_roofline(costs, *m, symbol_values{1}, rows, k));
    const auto& table = *costs.on(name);
    for (const auto n : rows) {
      INFO(name << ", " << n << " rows");
      const symbol_values bound{n};
      const auto flops = static_cast<std::uint64_t>(m->flops(0).bind(bound));
      CHECK(table.layer(0, n) == k.launch + time_of(flops, k.fp32 / 100 * defaults::arithmetic_percent));
      const auto bytes = static_cast<std::uint64_t>(m->traffic(1).bind(bound));
      CHECK(table.layer(1, n) == k.launch + time_of(bytes, k.bandwidth / 100 * defaults::bandwidth_percent));
    }
  }
}

TEST_CASE("what bounds a layer it uses wholly, but for its launch, and of the other what the roofline says",
          "[metadata]") {
  const auto m = picture_layers();
  auto costs = costs_of(*m, symbol_values{1}).value();
  const auto& k = kind("GTX 1080 Ti");
  REQUIRE(add_roofline(costs, *m, symbol_values{1}, rows, k));
  const auto& table = *costs.on("GTX 1080 Ti");
  const auto flops = static_cast<std::uint64_t>(m->flops(0).bind(symbol_values{64}));
  const auto bytes = static_cast<std::uint64_t>(m->traffic(0).bind(symbol_values{64}));
  const auto per_mille = [&](duration part) {
    const auto whole = table.layer(0, 64).count();
    return static_cast<std::uint32_t>((part.count() * 1000 + whole - 1) / whole);
  };
  CHECK(table.use(0, 64).arithmetic == per_mille(time_of(flops, k.fp32 / 100 * defaults::arithmetic_percent)));
  CHECK(table.use(0, 64).memory == per_mille(time_of(bytes, k.bandwidth / 100 * defaults::bandwidth_percent)));
  CHECK(table.use(0, 64).arithmetic > 990); // the convolution
  CHECK(table.use(0, 64).memory < 200);
  CHECK(table.use(1, 64).memory > 980); // the batch norm
  CHECK(table.use(1, 64).arithmetic < 200);
  CHECK(table.use(1, 1).memory < table.use(1, 64).memory); // of a short one the launch is more
  CHECK(find_measured_model("ResNet")->on("GTX 1080 Ti")->use(7, 1) == resource_use{});
}

TEST_CASE("weights read once make a batch cheaper than its rows one by one", "[metadata]") {
  const auto m = picture_layers();
  auto costs = costs_of(*m, symbol_values{1}).value();
  REQUIRE(add_roofline(costs, *m, symbol_values{1}, rows, kind("RTX 2060")));
  const auto& table = *costs.on("RTX 2060");
  for (std::uint32_t l = 0; l < table.layer_count(); ++l) {
    CHECK(table.layer(l, 64) < 64 * table.layer(l, 1));
    CHECK(table.layer(l, 64) >= table.layer(l, 8));
  }
  CHECK(table.whole(8) < 8 * table.whole(1));
}

TEST_CASE("faster devices are faster, TF32 where there is any", "[metadata]") {
  const auto m = picture_layers();
  auto costs = costs_of(*m, symbol_values{1}).value();
  const auto whole = [&](const char* name, arithmetic how) {
    REQUIRE(add_roofline(costs, *m, symbol_values{1}, rows, kind(name), how));
    return costs.on(name)->whole(64);
  };
  CHECK(whole("GTX 1080 Ti", arithmetic::fp32) < whole("RTX 2060", arithmetic::fp32));
  CHECK(whole("H100", arithmetic::fp32) < whole("A100", arithmetic::fp32));
  CHECK(whole("A100", arithmetic::tf32) < whole("A100", arithmetic::fp32));
  CHECK(whole("V100", arithmetic::tf32) == whole("V100", arithmetic::fp32));
}

TEST_CASE("the roofline of a measured layer is near what was measured", "[metadata]") {
  // ResNet-18's layer 4: a 3x3 convolution of 64 channels over 56 x 56, the first of picture_layers without its bias
  const auto m = picture_layers();
  auto costs = costs_of(*m, symbol_values{1}).value();
  for (const auto* name : {"GTX 1080 Ti", "RTX 2060"}) {
    REQUIRE(add_roofline(costs, *m, symbol_values{1}, rows, kind(name)));
    const auto measured = find_measured_model("ResNet")->on(name)->layer(7, 1);
    CHECK(costs.on(name)->layer(0, 1) > measured * 3 / 4);
    CHECK(costs.on(name)->layer(0, 1) < measured * 5 / 4);
  }
}

TEST_CASE("each step of a recurrent layer is a launch", "[metadata]") {
  const auto m = tiny_lstm();
  const auto& k = kind("L4");
  REQUIRE(m->symbols() == std::vector<std::string>{"N", "S"});
  const auto time = [&](std::int64_t steps) {
    auto costs = costs_of(*m, symbol_values{1, steps}).value();
    REQUIRE(add_roofline(costs, *m, symbol_values{1, steps}, std::array{1U}, k));
    return costs.on("L4")->whole(1);
  };
  CHECK(time(100) - time(10) >= 90 * k.launch);
}

TEST_CASE("a roofline that cannot be made is refused", "[metadata]") {
  const auto m = picture_layers();
  auto costs = costs_of(*m, symbol_values{1}).value();
  CHECK(costs_of(*m, {}).error().message == "model 'layers' has 1 symbols, not 0");
  CHECK(add_roofline(costs, *m, symbol_values{1, 2}, rows, kind("L4")).error().message
        == "model 'layers' has 1 symbols, not 2");
  CHECK(add_roofline(costs, *m, symbol_values{1}, std::array{1U, 1U}, kind("L4")).error().message
        == "model 'layers': times at 1 rows: they are there already");
  CHECK(add_roofline(costs, *m, symbol_values{1}, std::array{0U}, kind("L4")).error().message
        == "model 'layers': times at 0 rows: the rows must be from 1 to 1048576");
  model_builder fixed("fixed");
  const auto f = fixed.output(fixed.relu(fixed.input("x", {2, 3}))).build();
  auto fixed_costs = costs_of(*f, {}).value();
  CHECK(add_roofline(fixed_costs, *f, {}, std::array{1U}, kind("L4")));
  CHECK(add_roofline(fixed_costs, *f, {}, std::array{2U}, kind("L4")).error().message
        == "model 'fixed' has no batch symbol: it has 1 row");
  const auto lstm = tiny_lstm();
  CHECK(costs_of(*lstm, symbol_values{1, INT64_MAX}).error().message.find("cannot be counted") != std::string::npos);
}

TEST_CASE("a recurrent layer has a part per step, if they are of one direction", "[metadata]") {
  for (const auto direction :
       {recurrent_direction::forward, recurrent_direction::reverse, recurrent_direction::bidirectional}) {
    model_builder b("recurrent");
    const auto n = b.symbol("N");
    const auto steps = b.symbol("S");
    lstm_options o;
    o.direction = direction;
    const auto m = b.output(b.lstm(b.transpose(b.input("x", {n, steps, 3}), {1, 0, 2}), o)[0]).build();
    const auto costs = costs_of(*m, symbol_values{1, 28}).value();
    CHECK(costs.check());
    CHECK(costs.parts_of(0) == 1);
    CHECK(costs.parts_of(1) == (direction == recurrent_direction::bidirectional ? 1 : 28));
  }
  CHECK(costs_of(*picture_layers(), symbol_values{1}).value().parts == std::vector<std::uint32_t>(4, 1));
}

TEST_CASE("steps are bounded by what a plan of them takes", "[metadata]") {
  const auto m = tiny_lstm();
  CHECK(costs_of(*m, symbol_values{1, 1000}));
  const auto refused = costs_of(*m, symbol_values{1, 100'000'000});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::bad_argument);
  CHECK(refused.error().message == "the number of parts of layer 2 is 100000000, at most 1048576 can be emulated");
}
