#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include "metadata/half.hpp"
#include "metadata/tensor.hpp"

using namespace baton::metadata;

TEST_CASE("every half survives the way to float and back", "[metadata]") {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const auto wide = from_float16(half);
    const auto brain = from_bfloat16(half);
    if (std::isnan(wide))
      CHECK(std::isnan(from_float16(to_float16(wide))));
    else if (to_float16(wide) != half)
      FAIL("float16 " << bits);
    if (std::isnan(brain))
      CHECK(std::isnan(from_bfloat16(to_bfloat16(brain))));
    else if (to_bfloat16(brain) != half)
      FAIL("bfloat16 " << bits);
  }
}

TEST_CASE("floats between two halves go to the nearer one, ties to the even one", "[metadata]") {
  for (std::uint16_t bits = 0; bits < 0x7bff; ++bits) { // every finite pair of neighbours, subnormal ones too
    const auto low = from_float16(bits);
    const auto high = from_float16(static_cast<std::uint16_t>(bits + 1));
    const auto middle = (low + high) / 2; // exact in float32
    const auto even = static_cast<std::uint16_t>(bits % 2 == 0 ? bits : bits + 1);
    if (to_float16(middle) != even || to_float16(std::nextafter(middle, 0.0F)) != bits
        || to_float16(std::nextafter(middle, high)) != bits + 1)
      FAIL("beside float16 " << bits);
  }
  CHECK(to_float16(65519.0F) == 0x7bff);
  CHECK(to_float16(65520.0F) == 0x7c00);
  CHECK(to_float16(-std::numeric_limits<float>::infinity()) == 0xfc00);
  CHECK(to_bfloat16(1.00390625F) == 0x3f80); // 1 + 2^-8: a tie
  CHECK(to_bfloat16(1.01171875F) == 0x3f82); // 1 + 3 * 2^-8: a tie
}

TEST_CASE("every element type has a name by which it is found", "[metadata]") {
  for (auto type : all_element_types) {
    CHECK(element_type_of(to_string(type)) == type);
    CHECK(size_of(type) > 0);
  }
  CHECK_FALSE(element_type_of("FP8"));
}
