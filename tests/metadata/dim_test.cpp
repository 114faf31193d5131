#include <catch2/catch.hpp>

#include <limits>
#include <random>

#include "metadata/dim.hpp"

using namespace baton::metadata;

namespace {

const std::vector<std::string> names{"N", "S"};
const auto n = dim::symbol(0);
const auto s = dim::symbol(1);

} // namespace

TEST_CASE("sums and products of extents have one normal form", "[metadata]") {
  CHECK(n * s + n == n * (s + 1));
  CHECK((n + s) * (n - s) == n * n - s * s);
  CHECK(n - n == 0);
  CHECK_FALSE(n == s);
  CHECK_FALSE(n * 2 == n * 3);
  CHECK((dim(4) * s + 2).to_string(names) == "4*S+2");
  CHECK((n * n * s - 1).to_string(names) == "N*N*S-1");
  CHECK(floor_div(n + 1, 2).to_string(names) == "floor((N+1)/2)");
  CHECK(dim().to_string(names) == "0");
}

TEST_CASE("an extent knows whether it is a constant or one symbol", "[metadata]") {
  CHECK(dim(7).constant() == 7);
  CHECK(dim(0).constant() == 0);
  CHECK_FALSE(n.constant());
  CHECK(s.as_symbol() == 1U);
  CHECK_FALSE((s * 2).as_symbol());
  CHECK_FALSE((s + 1).as_symbol());
  CHECK_FALSE(floor_div(s, 2).as_symbol());
  CHECK((n * 3 + floor_div(s, 2)).symbols_needed() == 2);
  CHECK(dim(3).symbols_needed() == 0);
}

TEST_CASE("exact division undoes products and refuses what leaves a remainder", "[metadata]") {
  CHECK(exact_div(n * 4 * s, n) == dim(4) * s);
  CHECK(exact_div(n * 2048, 2048) == n);
  CHECK(exact_div((n + 1) * (s + 3), s + 3) == n + 1);
  CHECK(exact_div(n * floor_div(s, 2), floor_div(s, 2)) == n);
  CHECK(exact_div(0, n) == dim(0));
  CHECK_FALSE(exact_div(n, s));
  CHECK_FALSE(exact_div(n * 3, 2));
  CHECK_FALSE(exact_div(n + 1, n));
  CHECK_FALSE(exact_div(n, 0));
}

TEST_CASE("floor quotients take out what is divisible and flatten chains", "[metadata]") {
  CHECK(floor_div(n * 4, 2) == n * 2);
  CHECK(floor_div(n * 4 + 3, 2) == n * 2 + 1);
  CHECK(floor_div(dim(7), 2) == 3);
  CHECK(floor_div(dim(-7), 2) == -4);
  CHECK(floor_div(floor_div(n, 2), 3) == floor_div(n, 6));
  CHECK(floor_div(n * 2 + 1, 4) == floor_div(n, 2));
  // two strided layers with padding
  const auto once = floor_div(n - 1, 2) + 1;
  CHECK(once == floor_div(n + 1, 2));
  CHECK(floor_div(once - 1, 2) + 1 == floor_div(n + 3, 4));
}

TEST_CASE("bound extents equal the arithmetic on bound symbols", "[metadata]") {
  std::mt19937 random(1);
  const auto between = [&](int low, int high) { return static_cast<std::int64_t>(random()) % (high - low + 1) + low; };
  for (int round = 0; round < 300; ++round) {
    const std::vector<std::int64_t> values{between(1, 50), between(1, 50)};
    dim d = n;
    auto expected = values[0];
    for (int step = 0; step < 6; ++step) {
      const auto k = between(1, 7);
      switch (random() % 5) {
      case 0: d = d + k, expected += k; break;
      case 1: d = d - s, expected -= values[1]; break;
      case 2: d = d * k, expected *= k; break;
      case 3: d = d * s, expected *= values[1]; break;
      default: d = floor_div(d, k); expected = expected / k - (expected % k < 0 ? 1 : 0);
      }
    }
    INFO(d.to_string(names) << " at " << values[0] << ", " << values[1]);
    REQUIRE(d.bind(values) == expected);
  }
}

TEST_CASE("what does not fit is too large and stays so", "[metadata]") {
  constexpr auto largest = std::numeric_limits<std::int64_t>::max();
  auto d = dim(std::int64_t{1} << 40) * dim(std::int64_t{1} << 40);
  CHECK(d.too_large());
  CHECK((d * n).too_large());
  CHECK((d - d).too_large());
  CHECK(floor_div(d, 1000).too_large());
  CHECK_FALSE(exact_div(d, d));
  const std::vector<std::int64_t> values{std::int64_t{1} << 40, 1};
  CHECK((n * n).bind(values) == largest);
  CHECK(floor_div(n * n + 1, 2).bind(values) == largest);
  // a formula that never ends
  d = n;
  for (int i = 0; i < 1000; ++i)
    d = d * (n + s + i);
  CHECK(d.too_large());
  d = n;
  for (int i = 0; i < 1000; ++i)
    d = floor_div(d * s + n, 3);
  CHECK(d.too_large());
}
