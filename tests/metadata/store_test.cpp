#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "metadata/store.hpp"
#include "tests/metadata/temporary_file.hpp"

using namespace baton;
using namespace baton::metadata;

namespace {

const kernel_problem problem{"a card", "a library 9", "convolution of something"};

std::shared_ptr<store> open(const std::filesystem::path& file) {
  auto opened = store::open(file);
  REQUIRE(opened);
  return *opened;
}

} // namespace

TEST_CASE("a choice of kernel is known at the next start, for exactly what it was found for", "[metadata]") {
  testing::temporary_file file(".db");
  CHECK_FALSE(open(file.path())->find(problem));
  CHECK(open(file.path())->keep(problem, "algorithm 7") == "algorithm 7");
  auto next = open(file.path());
  CHECK(next->find(problem) == "algorithm 7");
  CHECK_FALSE(next->find({"another card", problem.library, problem.problem}));
  CHECK_FALSE(next->find({problem.device, "a library 10", problem.problem}));
  CHECK_FALSE(next->find({problem.device, problem.library, "something else; DROP TABLE kernel_choice"}));
}

TEST_CASE("the first choice counts, also that of another process, until it is replaced", "[metadata]") {
  testing::temporary_file file(".db");
  auto one = open(file.path());
  auto other = open(file.path());
  CHECK_FALSE(other->find(problem));
  CHECK(one->keep(problem, "1") == "1");
  CHECK(one->keep(problem, "2") == "1");
  CHECK(other->keep(problem, "3") == "1");
  one->replace(problem, "4");
  CHECK(one->find(problem) == "4");
  CHECK(other->find(problem) == "1"); // equal bits as long as a process lives
  CHECK(open(file.path())->find(problem) == "4");
}

TEST_CASE("choices without a file: the first counts until it is replaced", "[metadata]") {
  process_choices all;
  CHECK_FALSE(all.find(problem));
  CHECK(all.keep(problem, "1") == "1");
  CHECK(all.keep(problem, "2") == "1");
  all.replace(problem, "3");
  CHECK(all.find(problem) == "3");
}

TEST_CASE("threads and processes may use one store at once", "[metadata]") {
  testing::temporary_file file(".db");
  std::vector<std::string> counts(8);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < counts.size(); ++i)
    threads.emplace_back([&, i] { counts[i] = (*store::open(file.path()))->keep(problem, std::to_string(i)); });
  for (auto& t : threads)
    t.join();
  for (const auto& c : counts)
    CHECK(c == counts.front());
}

TEST_CASE("a store that cannot be used is refused by name", "[metadata]") {
  testing::temporary_file file(".db");
  SECTION("another kind of file") {
    file.write(std::string(8192, 'x'));
    auto opened = store::open(file.path());
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == errc::io);
    CHECK_THAT(opened.error().message, Catch::Contains(file.path().string()) && Catch::Contains("not a database"));
  }
  SECTION("a folder that cannot be made") {
    file.write("x");
    auto opened = store::open(file.path() / "below.db");
    REQUIRE_FALSE(opened);
    CHECK_THAT(opened.error().message, Catch::Contains("its folder cannot be made"));
  }
  SECTION("a later version") {
    open(file.path());
    // The version's place in SQLite's header: big-endian at byte 60.
    std::fstream(file.path(), std::ios::binary | std::ios::in | std::ios::out).seekp(63).put('\x09');
    auto opened = store::open(file.path());
    REQUIRE_FALSE(opened);
    CHECK_THAT(opened.error().message, Catch::Contains("of version 9"));
  }
}
