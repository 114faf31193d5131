#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include <catch2/catch.hpp>

#include "apps/http/infer_codec.hpp"

using namespace baton;
using namespace baton::apps::http;
using Catch::Matchers::Contains;
using metadata::element_type;

namespace {

/// Reads `text` as the elements of a tensor.
expected<metadata::tensor> read(const std::string& text, element_type type, std::vector<std::int64_t> shape,
                                std::size_t depth = 8) {
  std::size_t at = 0;
  auto found = find_array(text, at, depth);
  if (!found)
    return tl::unexpected(found.error());
  return read_elements(*found, "t", type, std::move(shape));
}

/// The same, of as many floats as there are; only for what is flat.
expected<metadata::tensor> read(const std::string& text) {
  return read(text, element_type::float32, {static_cast<std::int64_t>(std::count(text.begin(), text.end(), ',')) + 1});
}

template <class T>
bool same_bits(const metadata::tensor& a, const T& b) {
  return a.bytes() == b.bytes() && std::memcmp(a.data(), b.data(), a.bytes()) == 0;
}

} // namespace

TEST_CASE("Floats keep their bits through text", "[apps]") {
  std::mt19937 random{7};
  metadata::tensor t{metadata::element_type::float32, {20000}};
  auto values = t.as_mutable<float>();
  values[0] = -0.0F;
  values[1] = std::numeric_limits<float>::denorm_min();
  values[2] = std::numeric_limits<float>::max();
  values[3] = 16777217.0F;
  for (std::size_t i = 4; i < values.size(); ++i)
    do
      values[i] = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    while (!std::isfinite(values[i]));
  std::string text;
  REQUIRE(append_elements(text, t));
  auto back = read(text, t.type(), t.shape());
  REQUIRE(back);
  CHECK(same_bits(*back, t));
}

TEST_CASE("Decimal text goes to the nearest float directly, not by way of double", "[apps]") {
  // Just above the middle of two floats, but nearer to it than a double can tell.
  CHECK(read("[1.00000005960464477539062500000001]")->as<float>()[0] == std::nextafter(1.0F, 2.0F));
}

TEST_CASE("Every element type keeps its bits through text", "[apps]") {
  std::mt19937_64 random{5};
  for (auto type : metadata::all_element_types) {
    INFO(metadata::to_string(type));
    metadata::tensor t{type, {2, 500}};
    for (std::size_t i = 0; i < t.bytes(); ++i)
      t.mutable_data()[i] = static_cast<std::byte>(type == element_type::boolean ? random() & 1U : random());
    // What is not finite has no word in JSON: a fraction instead.
    if (type == element_type::float16 || type == element_type::bfloat16)
      for (auto& x : t.as_mutable<std::uint16_t>())
        x &= 0xbf7fU;
    if (type == element_type::float32)
      for (auto& x : t.as_mutable<float>())
        x = std::isfinite(x) ? x : 0.1F;
    if (type == element_type::float64)
      for (auto& x : t.as_mutable<double>())
        x = std::isfinite(x) ? x : 0.1;
    std::string text;
    REQUIRE(append_elements(text, t));
    auto back = read(text, type, t.shape());
    REQUIRE(back);
    CHECK(same_bits(*back, t));
  }
}

TEST_CASE("Numbers beyond a type's range, or not of its kind, are refused", "[apps]") {
  struct limits {
    element_type type;
    std::vector<const char*> good, bad;
  };
  using enum element_type;
  const std::vector<limits> all{
      {boolean, {"true", "false", "0", "1"}, {"2", "-1", "1.0", "truer", "nul"}},
      {int8, {"-128", "127", "-0"}, {"128", "-129", "1.0", "1e1", "true"}},
      {uint8, {"255", "0", "-0"}, {"256", "-1"}},
      {int16, {"-32768", "32767"}, {"32768"}},
      {uint16, {"65535"}, {"65536", "-1"}},
      {int32, {"-2147483648"}, {"2147483648"}},
      {uint32, {"4294967295"}, {"4294967296"}},
      {int64, {"-9223372036854775808", "9223372036854775807"}, {"9223372036854775808"}},
      {uint64, {"18446744073709551615", "9223372036854775808"}, {"18446744073709551616", "-1"}},
      {float16, {"65504", "65519.9", "1e-30"}, {"65520", "true"}},
      {bfloat16, {"3.38e38"}, {"3.4e38"}},
      {float32, {"3.4e38", "1e-400"}, {"1e39", "-1e400", "false"}},
      {float64, {"1e308", "1e-400"}, {"1e309", "-1e5000"}},
  };
  for (const auto& l : all) {
    for (const auto* text : l.good) {
      INFO(metadata::to_string(l.type) << " " << text);
      CHECK(read("[" + std::string{text} + "]", l.type, {1}));
    }
    for (const auto* text : l.bad) {
      INFO(metadata::to_string(l.type) << " " << text);
      auto r = read("[" + std::string{text} + "]", l.type, {1});
      REQUIRE_FALSE(r);
      CHECK(r.error().code == errc::bad_request);
      CHECK_THAT(r.error().message, Contains("'t'"));
    }
  }
}

TEST_CASE("Nested arrays must be rectangular arrays of JSON numbers", "[apps]") {
  CHECK(read("[[1, 2],[3,4 ] ,\n[5,6]] ", element_type::int64, {3, 2}));
  CHECK(read("[]", element_type::float32, {0}));
  CHECK(read("[[],[]]", element_type::float32, {2, 0}));
  for (const auto* bad :
       {"[1,]", "[,1]", "[1 2]", "[[1],[2,3]]", "[1,[2]]", "[[1],2]",    "[[[]],[1]]", "[01]",   "[1.]",
        "[.5]", "[+1]", "[1e]",  "[-]",         "[NaN]",   "[Infinity]", "[null]",     "[true]", "[\"1\"]",
        "[{}]", "[1",   "[",     "[[1]",        "[1}",     "[1e39]",     "[-1e400]",   "[[],1]", "[\"]\"]"}) {
    INFO(bad);
    auto r = read(bad);
    REQUIRE_FALSE(r);
    CHECK(r.error().code == errc::bad_request);
  }
  CHECK(read("[[[1]]]", element_type::float32, {1, 1, 1}, 3));
  CHECK_FALSE(read("[[[[1]]]]", element_type::float32, {1, 1, 1, 1}, 3));
  auto tiny = read("[1e-400,0.000000001e-60]");
  REQUIRE(tiny);
  CHECK((tiny->as<float>()[0] == 0 && tiny->as<float>()[1] == 0));
}

TEST_CASE("Data may be flat or nested like the shape, and must fill it", "[apps]") {
  auto tensor = [](const std::string& data, std::vector<std::int64_t> shape,
                   element_type type = element_type::float32) { return read(data, type, std::move(shape)); };
  CHECK(tensor("[1,2,3,4]", {2, 2}));
  CHECK(tensor("[[1,2],[3,4]]", {2, 2}));
  CHECK(tensor("[]", {0, 5}));
  CHECK(tensor("[7]", {}));
  CHECK_FALSE(tensor("[[1,2],[3,4]]", {4, 1}));
  CHECK_FALSE(tensor("[1,2,3]", {2, 2}));
  CHECK_FALSE(tensor("[1,2,3,4]", {-2, -2}));
  CHECK_FALSE(tensor("[]", {INT64_MAX, INT64_MAX, 0}));
  CHECK_FALSE(tensor("[1]", {INT64_MAX, INT64_MAX}));
  CHECK_FALSE(tensor("[[],[]]", {1}));
  CHECK_FALSE(tensor("[[1,2],[3]]", {3}));
  CHECK_FALSE(tensor("[1.5]", {1}, metadata::element_type::int64));
  CHECK_FALSE(tensor("[9223372036854775808]", {1}, metadata::element_type::int64));
}

TEST_CASE("An output that is not finite cannot be written", "[apps]") {
  metadata::tensor t{metadata::element_type::float32, {1}};
  std::string text;
  for (float x : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    t.as_mutable<float>()[0] = x;
    CHECK_FALSE(append_elements(text, t));
  }
}
