#include <catch2/catch.hpp>

#include "metadata/rate.hpp"
#include "metadata/units.hpp"

using namespace baton;
using namespace baton::metadata;
using Catch::Matchers::Contains;

TEST_CASE("amounts with units are exact", "[metadata]") {
  CHECK(parse_bytes("16 GiB") == std::uint64_t{16} << 30);
  CHECK(parse_bytes("16GiB") == std::uint64_t{16} << 30);
  CHECK(parse_bytes("1.5 KiB") == 1536);
  CHECK(parse_bytes("80 GB") == 80'000'000'000);
  CHECK(parse_bytes("0.1 kB") == 100);
  CHECK(parse_bytes("123456789012345678 B") == 123456789012345678);
  CHECK(parse_bytes("4194304 TiB") == std::uint64_t{1} << 62);
  CHECK(parse_rate("12.5 GB/s") == 12'500'000'000);
  CHECK(parse_rate("100 Gbit/s") == 12'500'000'000);
  CHECK(parse_rate("8 bit/s") == 1);
  CHECK(parse_rate("1 MiB/s") == 1 << 20);
  CHECK(parse_duration("20 us") == duration{20'000});
  CHECK(parse_duration("0.25ms") == duration{250'000});
  CHECK(parse_duration("1 min") == duration{60'000'000'000});
  CHECK(parse_duration("0 ns") == duration{0});
}

TEST_CASE("what is no amount is said", "[metadata]") {
  for (const auto* text : {"", " ", "GiB", "16", "16 gib", "16 GiB ", "-1 B", "+1 B", "1e3 B", ".5 KiB", "5. KiB",
                           "1.2.3 B", "16 GiB/s", " 1 B", "0x10 B", "1 B\n", "1234567890123456789 B"}) {
    INFO(text);
    const auto x = parse_bytes(text);
    REQUIRE_FALSE(x);
    CHECK(x.error().code == errc::bad_argument);
    CHECK_THAT(x.error().message, Contains("is not an amount of memory such as '16 GiB'"));
  }
  CHECK_THAT(parse_bytes("0.1 KiB").error().message, Contains("'0.1 KiB' is no whole number of bytes"));
  CHECK_THAT(parse_rate("9 bit/s").error().message, Contains("is no whole number of bytes per second"));
  CHECK_THAT(parse_duration("0.5 ns").error().message, Contains("is no whole number of nanoseconds"));
  CHECK_THAT(parse_bytes("5000000 TiB").error().message, Contains("is more than can be counted"));
  CHECK_THAT(parse_rate("12 GB").error().message, Contains("is not a bandwidth"));
  CHECK_THAT(parse_duration("12").error().message, Contains("is not a time such as '20 us'"));
  CHECK_THAT(parse_bytes(std::string(300, 'x')).error().message, Contains(std::string(100, 'x') + "...'"));
  CHECK_THAT(parse_bytes("1 \x1b[31m").error().message, Contains("'1 ?[31m'"));
}

TEST_CASE("times of amounts round up and never overflow", "[metadata]") {
  CHECK(time_of(0, 7) == duration{0});
  CHECK(time_of(1, 1'000'000'000) == duration{1});
  CHECK(time_of(1, 3'000'000'000) == duration{1});
  CHECK(time_of(1, 3) == duration{333'333'334});
  CHECK(time_of(UINT64_MAX, 1) == never - duration{1});
  CHECK(time_of(UINT64_MAX, UINT64_MAX) == duration{1'000'000'000});
}
