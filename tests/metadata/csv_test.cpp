#include <catch2/catch.hpp>

#include "metadata/csv.hpp"

using namespace baton::metadata;
using Catch::Matchers::Contains;

TEST_CASE("a table is read row by row", "[metadata]") {
  auto in = csv_reader::open("\xEF\xBB\xBF"
                             "a, b ,c\r\n1,x y,\r\n-2,,9\n\n\r\n")
                .value();
  CHECK(in.columns() == 3);
  CHECK(in.find("b") == 1U);
  CHECK_FALSE(in.find("d"));
  REQUIRE(in.next().value());
  CHECK(in.line() == 2);
  CHECK(in.field(1) == "x y");
  CHECK(in.field(2).empty());
  CHECK(in.number(0, 0, 9).value() == 1);
  REQUIRE(in.next().value());
  CHECK(in.number(0, -2, 9).value() == -2);
  CHECK_FALSE(in.next().value());
  CHECK_FALSE(in.next().value());
}

TEST_CASE("mistakes in a table are said with line and column", "[metadata]") {
  CHECK(csv_reader::open("").error().message == "line 1: there is no header");
  CHECK(csv_reader::open("\n\n").error().message == "line 1: there is no header");
  CHECK(csv_reader::open("a,b,a\n").error().message == "line 1: column 'a' is there twice");
  auto in = csv_reader::open("a,b\n1,2\nx,99999999999999999999\n1,2,3\n").value();
  CHECK(in.need("c").error().message == "line 1: there is no column 'c'");
  REQUIRE(in.next().value());
  CHECK(in.number(0, 2, 5).error().message == "line 2, column 1 ('a'): '1' is not within 2 and 5");
  REQUIRE(in.next().value());
  CHECK(in.number(0, 2, 5).error().message == "line 3, column 1 ('a'): 'x' is not a whole number");
  CHECK_THAT(in.number(1, 0, 5).error().message, Contains("is not within 0 and 5"));
  CHECK(in.next().error().message == "line 4: 3 columns where the header has 2");
}
