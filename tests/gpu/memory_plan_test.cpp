#include <algorithm>
#include <random>

#include <catch2/catch.hpp>

#include "gpu/memory_plan.hpp"

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

TEST_CASE("a chain of layers needs the room of its two largest neighbours", "[gpu]") {
  std::vector<lifetime> chain;
  for (std::uint32_t i = 0; i < 50; ++i)
    chain.push_back({6400, i, i + 1});
  CHECK(lay_out(chain).bytes == 2 * 6400);
}
