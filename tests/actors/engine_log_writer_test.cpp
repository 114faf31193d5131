#include <filesystem>
#include <fstream>

#include <unistd.h>

#include <catch2/catch.hpp>

#include "actors/engine_log_writer.hpp"

using namespace baton;
using actors::engine_log_writer;

namespace {

struct fixture {
  std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("baton_log_test_" + std::to_string(::getpid()) + ".log");
  scheduling::engine::config config{
      std::make_shared<scheduling::cluster>(scheduling::cluster{{{.id = {0}, .domain = {0}}}}), "fifo"};
  scheduling::engine engine = *scheduling::engine::make(config);
  std::int64_t clock = 0;

  ~fixture() { std::filesystem::remove(file); }

  void write(engine_log_writer& log, int events) {
    for (int i = 0; i < events; ++i) {
      scheduling::actions done;
      scheduling::event e = scheduling::tick{};
      if (i == 0 && clock == 0)
        e = scheduling::worker_up{{0}};
      metadata::time_point now{++clock};
      engine.handle(e, now, done);
      log.write(e, now, done);
    }
  }
  scheduling::replay_result replayed() {
    std::ifstream in(file);
    auto r = scheduling::replay([&](std::string& line) { return static_cast<bool>(std::getline(in, line)); });
    if (!r)
      FAIL(r.error().message);
    return *r;
  }
};

} // namespace

TEST_CASE_METHOD(fixture, "a log holds every event once its writer is gone", "[actors]") {
  {
    auto log = engine_log_writer::open(file, config);
    REQUIRE(log);
    write(**log, 5000);
  }
  auto r = replayed();
  CHECK(r.complete);
  CHECK(r.events == 5000);
  CHECK(r.first_difference == 0);
}

TEST_CASE_METHOD(fixture, "a log that reaches its limit ends in a marker and stays within reach of it", "[actors]") {
  {
    auto log = engine_log_writer::open(file, config, 4000);
    REQUIRE(log);
    write(**log, 5000);
    CHECK((*log)->stopped());
  }
  CHECK(std::filesystem::file_size(file) < 4500);
  auto r = replayed();
  CHECK_FALSE(r.complete);
  CHECK(r.events > 10);
  CHECK(r.first_difference == 0);
}

TEST_CASE_METHOD(fixture, "a log that cannot be opened is an error that names the file", "[actors]") {
  auto log = engine_log_writer::open("/nonexistent/dir/engine.log", config);
  REQUIRE_FALSE(log);
  CHECK(log.error().code == errc::io);
  CHECK_THAT(log.error().message, Catch::Matchers::Contains("/nonexistent/dir/engine.log"));
}

TEST_CASE_METHOD(fixture, "a disk that is full stops the log and nothing else", "[actors]") {
  if (!std::filesystem::exists("/dev/full"))
    return;
  auto log = engine_log_writer::open("/dev/full", config);
  CHECK_FALSE(log); // the first line cannot be written either
}
