#include <algorithm>
#include <cmath>
#include <vector>

#include <catch2/catch.hpp>

#include "metadata/seeded_numbers.hpp"
#include "tests/metadata/json_files.hpp"

using namespace baton;
using namespace baton::testing;
using metadata::seeded_numbers;

namespace {

std::vector<float> numbers(std::size_t count, std::uint64_t seed, float scale = 1.0F) {
  std::vector<float> all(count);
  metadata::fill({seeded_numbers::distribution::uniform, seed, scale}, all);
  return all;
}

const std::string two_linears = R"([{"type":"linear","params":{"in_channels":8,"out_channels":8}},)"
                                R"({"type":"linear","params":{"in_channels":8,"out_channels":8}}])";

std::vector<float> weight(const metadata::model& m, std::size_t layer, std::size_t role = 1) {
  const auto t = m.read_weight(m.layers()[layer].inputs[role]).value();
  return {t.as<float>().begin(), t.as<float>().end()};
}

} // namespace

TEST_CASE("seeded numbers are those of their definition, on every machine", "[metadata]") {
  // SplitMix64 with seed 1234567 begins 0x599ED017FB08FC85, 0x2C73F08458540FA5.
  CHECK(numbers(4, 1234567) == std::vector<float>{0x599ED0p-23F, -0x04F704p-23F, 0x2C73F0p-23F, 0x58540Fp-23F});
  CHECK(metadata::seed_of("") == 0xCBF29CE484222325U);
  CHECK(metadata::seed_of("foobar") == 0x85944171F73967E8U);
}

TEST_CASE("seeded numbers are uniform within their scale", "[metadata]") {
  const auto all = numbers(1'000'001, 7, 0.5F);
  double sum = 0.0;
  double squares = 0.0;
  for (const auto x : all) {
    sum += x;
    squares += static_cast<double>(x) * x;
  }
  const auto count = static_cast<double>(all.size());
  CHECK(std::abs(sum / count) < 0.001);
  CHECK(squares / count == Approx(0.25 / 3).epsilon(0.01));
  const auto [least, most] = std::minmax_element(all.begin(), all.end());
  CHECK(*least >= -0.5F);
  CHECK(*least < -0.499F);
  CHECK(*most < 0.5F);
  CHECK(*most > 0.499F);
}

TEST_CASE("shorter lists of numbers are the beginning of longer ones", "[metadata]") {
  const auto all = numbers(9, 3);
  for (std::size_t count = 0; count < all.size(); ++count)
    CHECK(numbers(count, 3) == std::vector<float>(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count)));
}

TEST_CASE("the weights of a list follow from its name and the layer's place alone", "[metadata]") {
  const auto m = json_model("[1,8]", two_linears);
  const auto first = weight(*m, 0);
  const auto second = weight(*m, 1);
  CHECK(weight(*m, 0) == first);
  CHECK(first != second);
  // in another process, in another order, the file written otherwise
  auto spaced = json_text("[ 64, 8 ]", two_linears);
  spaced.insert(1, "\n  \"comment\": \"the same\",");
  const auto again = import_json_text(spaced).value();
  CHECK(weight(*again, 1) == second);
  CHECK(weight(*again, 0) == first);
  CHECK(weight(*again, 0, 2) == weight(*m, 0, 2));
  const auto other = json_model("[1,8]", two_linears, "other");
  CHECK(weight(*other, 0) != first);
  std::vector<float> expected(64);
  metadata::fill({seeded_numbers::distribution::uniform, metadata::seed_of("small/1/weight"), std::sqrt(6.0F / 8.0F)},
                 expected);
  CHECK(second == expected);
}
