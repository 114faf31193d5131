#include <catch2/catch.hpp>

#include "actors/controller_core.hpp"

using namespace baton;
using actors::controller_core;
using actors::ending;
using scheduling::attempt_ended;
using scheduling::envelope;
using scheduling::finished;
using scheduling::start_attempt;

namespace {

struct fixture {
  controller_core core;
  controller_core::effects out;

  void submit(std::uint64_t id, metadata::time_point deadline = metadata::never) {
    start_attempt a;
    a.request = {id};
    a.attempt = {1};
    a.deadline = deadline;
    core.submit(a, metadata::time_point{10}, metadata::time_point{11}, out);
  }
  void finish(std::uint64_t id, std::uint32_t attempt) {
    finished f;
    f.device = {3};
    f.spent.computing = metadata::duration{5};
    f.taken = {2, 1, {0}};
    f.members = {{.request = {id}, .attempt = {attempt}, .symbols = {}}};
    core.on(f, metadata::time_point{100}, out);
  }
  void lose(std::uint64_t id, std::uint32_t attempt, errc why = errc::attempt_lost) {
    core.on(attempt_ended{{id}, {attempt}, why, "the device died"}, metadata::time_point{50}, out);
  }
  template <class M>
  const M& sent(std::size_t i) {
    auto& e = std::get<envelope>(out.at(i));
    REQUIRE(e.to == scheduling::the_scheduler);
    return std::get<M>(e.what);
  }
  const ending& ended(std::size_t i) { return std::get<ending>(out.at(i)); }
};

} // namespace

TEST_CASE_METHOD(fixture, "a request that finishes ends once, with the device and times of its attempt", "[actors]") {
  submit(7);
  CHECK(sent<start_attempt>(0).attempt.value == 1);
  finish(7, 1);
  finish(7, 1);
  lose(7, 1);
  REQUIRE(out.size() == 2);
  CHECK(ended(1).request.value == 7);
  CHECK(ended(1).failure == errc::none);
  CHECK(ended(1).device.value == 3);
  CHECK(ended(1).spent.computing.count() == 5);
  CHECK(ended(1).taken.preemptions == 2);
  CHECK(ended(1).taken.moves == 1);
  CHECK(ended(1).total.count() == 90);
  CHECK(core.open() == 0);
}

TEST_CASE_METHOD(fixture, "a lost attempt is followed by one more, and by no third", "[actors]") {
  auto why = GENERATE(errc::attempt_lost, errc::values_lost);
  submit(7);
  lose(7, 1, why);
  REQUIRE(out.size() == 2);
  CHECK(sent<start_attempt>(1).attempt.value == 2);
  lose(7, 1, why);
  CHECK(out.size() == 2);
  lose(7, 2, why);
  REQUIRE(out.size() == 3);
  CHECK(ended(2).failure == why);
  CHECK(ended(2).attempt.value == 2);
}

TEST_CASE_METHOD(fixture, "a result of an attempt that is over does not count", "[actors]") {
  submit(7);
  lose(7, 1);
  finish(7, 1);
  CHECK(out.size() == 2);
  finish(7, 2);
  REQUIRE(out.size() == 3);
  CHECK(ended(2).attempt.value == 2);
  CHECK(ended(2).failure == errc::none);
}

TEST_CASE_METHOD(fixture, "errors that another attempt cannot mend end the request at once", "[actors]") {
  auto why = GENERATE(errc::bad_request, errc::out_of_memory, errc::overloaded, errc::unavailable, errc::cancelled,
                      errc::deadline_exceeded, errc::device_failed, errc::internal);
  submit(7);
  lose(7, 1, why);
  REQUIRE(out.size() == 2);
  CHECK(ended(1).failure == why);
  CHECK(ended(1).message == "the device died");
}

TEST_CASE_METHOD(fixture, "a cancel is asked for once and waits for its answer", "[actors]") {
  submit(7);
  core.cancel({7}, out);
  core.cancel({7}, out);
  core.cancel({8}, out);
  REQUIRE(out.size() == 2);
  CHECK(sent<scheduling::cancel_request>(1).attempt.value == 1);
  SECTION("it ends cancelled") {
    lose(7, 1, errc::cancelled);
    CHECK(ended(2).failure == errc::cancelled);
  }
  SECTION("or with its result, if that is first") {
    finish(7, 1);
    CHECK(ended(2).failure == errc::none);
  }
  SECTION("and is not tried again if the device dies meanwhile") {
    lose(7, 1);
    REQUIRE(out.size() == 3);
    CHECK(ended(2).failure == errc::cancelled);
  }
}

TEST_CASE_METHOD(fixture, "no attempt is begun after the deadline", "[actors]") {
  submit(7, metadata::time_point{50});
  lose(7, 1);
  REQUIRE(out.size() == 2);
  CHECK(ended(1).failure == errc::deadline_exceeded);
}

TEST_CASE_METHOD(fixture, "after a drain new requests end at once, and open ones may end and be retried", "[actors]") {
  submit(7);
  core.drain();
  submit(8);
  REQUIRE(out.size() == 2);
  CHECK(ended(1).request.value == 8);
  CHECK(ended(1).failure == errc::unavailable);
  lose(7, 1);
  CHECK(sent<start_attempt>(2).attempt.value == 2);
  finish(7, 2);
  CHECK(ended(3).failure == errc::none);
}

TEST_CASE_METHOD(fixture, "ending everything ends each open request once and refuses later ones", "[actors]") {
  submit(7);
  submit(8);
  core.end_all(errc::unavailable, "over", metadata::time_point{60}, out);
  REQUIRE(out.size() == 4);
  CHECK(ended(2).message == "over");
  finish(7, 1);
  CHECK(out.size() == 4);
  submit(9);
  CHECK(ended(4).failure == errc::unavailable);
  CHECK(core.open() == 0);
}
