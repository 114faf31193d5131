#include <catch2/catch.hpp>

#include "apps/table.hpp"

using namespace baton::apps;

TEST_CASE("A table aligns its columns and leaves no trailing blanks", "[apps]") {
  using enum table::align;
  table t{{{"name"}, {"ms", right}}};
  t.add({"a", "1.25"});
  t.add({"longer", "10"});
  t.add({"ä"});
  CHECK(t.text()
        == "name      ms\n"
           "------  ----\n"
           "a       1.25\n"
           "longer    10\n"
           "ä\n");
}

TEST_CASE("Numbers are written for people", "[apps]") {
  CHECK(with_separators(0) == "0");
  CHECK(with_separators(999) == "999");
  CHECK(with_separators(1234567) == "1,234,567");
  CHECK(human_bytes(0) == "0 B");
  CHECK(human_bytes(1536) == "1.50 KiB");
  CHECK(human_bytes(102400000) == "97.7 MiB");
  CHECK(human_count(3.86e9) == "3.86 G");
}
