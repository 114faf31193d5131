#include <algorithm>
#include <random>

#include <catch2/catch.hpp>

#include "gpu/memory_plan.hpp"
#include "tests/support/model_builder.hpp"

using namespace baton::gpu;

TEST_CASE("pieces that live at the same time never overlap", "[gpu]") {
  std::mt19937 random(GENERATE(range(1U, 50U)));
  std::vector<lifetime> pieces(1 + random() % 60);
  for (auto& p : pieces) {
    p.bytes = random() % 3000;
    p.first = static_cast<std::uint32_t>(random() % 20);
    p.last = p.first + static_cast<std::uint32_t>(random() % 6);
  }
  auto plan = lay_out(pieces);
  REQUIRE(plan.offsets.size() == pieces.size());
  std::size_t sum = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    CHECK(plan.offsets[i] % 64 == 0);
    CHECK(plan.offsets[i] + pieces[i].bytes <= plan.bytes);
    sum += (pieces[i].bytes + 63) / 64 * 64;
    for (std::size_t k = 0; k < i; ++k) {
      const bool together = pieces[i].first <= pieces[k].last && pieces[k].first <= pieces[i].last;
      const bool apart =
          plan.offsets[i] + pieces[i].bytes <= plan.offsets[k] || plan.offsets[k] + pieces[k].bytes <= plan.offsets[i];
      CHECK((!together || apart));
    }
  }
  CHECK(plan.bytes <= sum);
}

TEST_CASE("what lies inside of another value is where it belongs, and both are left alone while either is needed",
          "[gpu]") {
  using namespace baton::testing;
  model_builder b("joined");
  const auto x = b.input("x", {4});
  const auto first = b.relu(x);
  const auto second = b.relu(first);
  const auto other = b.relu(second); // between the parts and the whole
  const auto join = [&](const std::vector<value_index>& v) { return b.layer(baton::metadata::concat_layer{0}, v)[0]; };
  const auto two = join({first, second});
  const auto three = join({two, other});
  b.output(three);
  const auto model = b.build();
  std::vector<planned_value> values(model->values().size());
  for (auto v : {x, first, second, other})
    values[v] = {.bytes = 64, .planned = true};
  values[two] = {.bytes = 128, .planned = true};
  values[three] = {.bytes = 192, .planned = true};
  const std::vector<shared_place> shared{{first, two, 0}, {second, two, 64}, {two, three, 0}, {other, three, 128}};
  const auto plan = lay_out_block(*model, values, shared, {});
  CHECK(plan.values[first] == plan.values[three]);
  CHECK(plan.values[second] == plan.values[three] + 64);
  CHECK(plan.values[two] == plan.values[three]);
  CHECK(plan.values[other] == plan.values[three] + 128);
  CHECK((plan.values[x] >= plan.values[three] + 192 || plan.values[x] + 64 <= plan.values[three]));
  CHECK(plan.bytes == 192 + 64);
}

TEST_CASE("a chain of layers needs the room of its two largest neighbours", "[gpu]") {
  std::vector<lifetime> chain;
  for (std::uint32_t i = 0; i < 50; ++i)
    chain.push_back({6400, i, i + 1});
  CHECK(lay_out(chain).bytes == 2 * 6400);
}
