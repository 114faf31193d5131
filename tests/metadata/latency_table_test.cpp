#include <catch2/catch.hpp>

#include "metadata/latency_table.hpp"
#include "metadata/model_costs.hpp"

using namespace baton;
using namespace baton::metadata;

namespace {

std::vector<duration> times(std::initializer_list<std::int64_t> ns) {
  return {ns.begin(), ns.end()};
}

/// Two layers at 2, 4 and 8 rows: one that grows, one that falls.
latency_table table() {
  latency_table t;
  REQUIRE(t.add(8, times({900, 60})));
  REQUIRE(t.add(2, times({100, 100})));
  REQUIRE(t.add(4, times({301, 80})));
  return t;
}

} // namespace

TEST_CASE("latencies lie on lines between the entries", "[metadata]") {
  const auto t = table();
  CHECK(t.rows == std::vector<std::uint32_t>{2, 4, 8});
  CHECK(t.layer(0, 2).count() == 100);
  CHECK(t.layer(0, 3).count() == 200); // 200.5
  CHECK(t.layer(0, 4).count() == 301);
  CHECK(t.layer(0, 5).count() == 450); // 450.75
  CHECK(t.layer(0, 7).count() == 750);
  CHECK(t.layer(1, 6).count() == 70);
  CHECK(t.whole(3).count() == 290);
}

TEST_CASE("fewer rows than the first entry take its time", "[metadata]") {
  CHECK(table().layer(0, 1).count() == 100);
  CHECK(table().layer(1, 1).count() == 100);
}

TEST_CASE("beyond the last entry the last slope goes on, not falling, nor above proportion", "[metadata]") {
  CHECK(table().layer(1, 16).count() == 60);
  latency_table t;
  REQUIRE(t.add(1, times({100, 10})));
  REQUIRE(t.add(2, times({150, 100})));
  CHECK(t.layer(0, 4).count() == 250);
  CHECK(t.layer(1, 4).count() == 200); // the slope says 280
  latency_table one;
  REQUIRE(one.add(2, times({100})));
  CHECK(one.layer(0, 3).count() == 150);
  CHECK(one.layer(0, 1).count() == 100);
}

TEST_CASE("what layers use is that of the next entry, and all of the device where it is not known", "[metadata]") {
  latency_table t;
  REQUIRE(t.add(4, times({10}), {{900, 100}}));
  REQUIRE(t.add(8, times({20})));
  REQUIRE(t.add(1, times({5}), {{200, 300}}));
  CHECK(t.use(0, 1) == resource_use{200, 300});
  CHECK(t.use(0, 2) == resource_use{900, 100});
  CHECK(t.use(0, 4) == resource_use{900, 100});
  CHECK(t.use(0, 5) == resource_use{1000, 1000});
  CHECK(t.use(0, 9) == resource_use{1000, 1000});
  CHECK(table().use(1, 3) == resource_use{1000, 1000});
  CHECK(t.add(2, times({5}), {{1, 1}, {1, 1}}).error().message == "times at 2 rows: what 2 layers use, of 1");
  CHECK(t.add(2, times({5}), {{1001, 1}}).error().message == "times at 2 rows: layer 0 uses more than there is");
}

TEST_CASE("extreme tables do not overflow", "[metadata]") {
  latency_table t;
  REQUIRE(t.add(1, times({0, 3'600'000'000'000})));
  REQUIRE(t.add(1U << 20, times({3'600'000'000'000, 3'600'000'000'000})));
  CHECK(t.layer(0, UINT32_MAX) < never);
  CHECK(t.layer(0, UINT32_MAX) >= t.layer(0, 1U << 20));
  CHECK(t.whole(UINT32_MAX) < never);
}

TEST_CASE("a table refuses what does not belong to it", "[metadata]") {
  auto t = table();
  const auto before = t;
  CHECK(t.add(4, times({1, 1})).error().message == "times at 4 rows: they are there already");
  CHECK(t.add(5, times({1})).error().message == "times at 5 rows: 1 layers where there are 2");
  CHECK(t.add(0, times({1, 1})).error().message == "times at 0 rows: the rows must be from 1 to 1048576");
  CHECK(t.add(5, times({1, -1})).error().message == "times at 5 rows: layer 1 takes -1 ns");
  CHECK(t.add(5, {duration{1}, std::chrono::hours(2)}).error().code == errc::bad_argument);
  CHECK(t == before);
}

TEST_CASE("costs that do not fit together are refused by name", "[metadata]") {
  model_costs costs{.name = "m", .layers = {"a", "b"}, .live_bytes = {1, 2, 3}};
  CHECK(costs.check());
  costs.by_kind.emplace("L4", table());
  CHECK(costs.check());
  CHECK(costs.on("L4")->layer_count() == 2);
  CHECK(costs.on("V100") == nullptr);
  costs.live_bytes.pop_back();
  CHECK(costs.check().error().message
        == "costs of model 'm': 2 live sets of 2 layers; each has one at its start, and the end has one");
  costs.live_bytes.push_back(3);
  costs.by_kind["L4"].layers.clear();
  costs.by_kind["L4"].rows.clear();
  CHECK(costs.check().error().message == "costs of model 'm': the table of kind 'L4' is empty");
  REQUIRE(costs.by_kind["L4"].add(1, times({1})));
  CHECK(costs.check().error().message == "costs of model 'm': the table of kind 'L4' has 1 layers, the model 2");
  costs.by_kind.clear();
  costs.parts = {1, 5};
  CHECK(costs.check());
  CHECK(costs.parts_of(1) == 5);
  costs.parts = {1};
  CHECK(costs.check().error().message == "costs of model 'm': 1 numbers of parts of 2 layers");
  costs.parts = {1, 0};
  CHECK(costs.check().error().message == "costs of model 'm': a layer of no parts");
  CHECK(model_costs{}.check().error().message == "costs of model '': it has no layers");
}
