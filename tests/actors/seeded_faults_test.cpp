#include <catch2/catch.hpp>

#include "tests/actors/seeded_house.hpp"

/// What a house does when devices, data, memory or its own actors fail.
using namespace baton;
using namespace baton::testing;
using scheduling::order;

TEST_CASE("a request whose data is bad fails alone, and is not tried again", "[actors]") {
  seeded_house h({.devices = {{0}}});
  h.submit(plain_request(1), faults::poison);
  h.submit(plain_request(2), 5);
  h.run_to_rest();
  REQUIRE(h.broken_at_rest().empty());
  CHECK(h.ends().at(1).failure == errc::bad_request);
  CHECK(h.ends().at(1).attempts == 1);
  CHECK_THAT(h.ends().at(1).message, Catch::Matchers::Contains("poison"));
  CHECK(h.ends().at(2).failure == errc::none);
}

TEST_CASE("a request that kills its device is tried twice, and the others still end well", "[actors]") {
  seeded_house h({.devices = {{0}, {0}}});
  h.submit(plain_request(1), faults::killer);
  for (std::uint64_t i = 2; i < 8; ++i)
    h.submit(plain_request(i), static_cast<std::int64_t>(i));
  h.run_to_rest();
  REQUIRE(h.broken_at_rest().empty());
  CHECK(h.ends().at(1).failure == errc::attempt_lost);
  CHECK(h.ends().at(1).attempts == 2);
  for (std::uint64_t i = 2; i < 8; ++i)
    CHECK(h.ends().at(i).failure == errc::none);
  CHECK(h.shared->board.counters().restarts == 2);
  CHECK(h.shared->board.healthy());
}

TEST_CASE("a device that fails to attach at first is tried again", "[actors]") {
  seeded_house h({.devices = {{0}}});
  h.failing->failing_attaches = 2;
  h.submit(plain_request(1), 5);
  h.run_to_rest();
  REQUIRE(h.broken_at_rest().empty());
  CHECK(h.ends().at(1).failure == errc::none);
  CHECK(h.shared->board.counters().restarts == 2);
}

TEST_CASE("when the only device never attaches, requests end as unavailable and health is bad", "[actors]") {
  seeded_house h({.devices = {{0}}});
  h.failing->failing_attaches = 1 << 20;
  h.submit(plain_request(1), 5);
  h.run_to_rest();
  REQUIRE(h.broken_at_rest().empty());
  CHECK(h.ends().at(1).failure == errc::unavailable);
  CHECK_FALSE(h.shared->board.healthy());
}

TEST_CASE("outputs that cannot be fetched cost an attempt, not the request", "[actors]") {
  for (std::uint32_t domain : {0U, 1U}) {
    INFO("domain " << domain);
    seeded_house h({.devices = {{domain}}});
    h.failing->failing_fetches = 1;
    h.submit(plain_request(1), 5);
    h.run_to_rest();
    REQUIRE(h.broken_at_rest().empty());
    CHECK(h.ends().at(1).failure == errc::none);
    CHECK(h.ends().at(1).attempts == 2);
  }
}

TEST_CASE("an order at the end of a task whose outputs cannot be fetched is answered all the same", "[actors]") {
  seeded_house h({.devices = {{0}, {0}}, .layers = 3});
  h.failing->failing_fetches = 1;
  auto a = plain_request(1);
  a.steps = {{order::kind::hand_off, {3, 0}, {1}}};
  h.submit(std::move(a), 5);
  h.run_to_rest();
  REQUIRE(h.broken_at_rest().empty());
  CHECK(h.ends().at(1).failure == errc::none);
  CHECK(h.ends().at(1).attempts == 2);
}

TEST_CASE("a plan that cannot be built is the model's error, and names the layer", "[actors]") {
  seeded_house h({.devices = {{0}}});
  h.failing->failing_builds = 1;
  h.run_to_rest();
  auto ready = h.shared->board.wait_model_ready({1}, std::chrono::milliseconds{0});
  REQUIRE(ready);
  CHECK(ready->failure == errc::bad_model);
  CHECK_THAT(ready->message, Catch::Matchers::Contains("l0"));
}

TEST_CASE("more tasks than a domain has memory for all end well, one after the other", "[actors]") {
  seeded_house h({.devices = {{0}, {0}, {1}}});
  h.failing->blocks_limit = 2;
  for (std::uint64_t i = 1; i <= 10; ++i)
    h.submit(plain_request(i), static_cast<std::int64_t>(i));
  h.run_to_rest();
  REQUIRE(h.broken_at_rest().empty());
  for (const auto& [id, d] : h.ends())
    CHECK(d.failure == errc::none);
}

TEST_CASE("when a vital actor dies, health is bad and every open request ends as unavailable", "[actors]") {
  for (const std::string who : {"controller", "scheduler", "transfer"}) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
      INFO(who << ", seed " << seed);
      seeded_house h({.devices = {{0}, {1}}, .seed = seed});
      for (std::uint64_t i = 1; i <= 5; ++i)
        h.submit(plain_request(i), static_cast<std::int64_t>(i));
      for (std::uint64_t i = 0; i < 5 * seed; ++i)
        h.step();
      CHECK(h.vital_deaths.empty());
      h.kill(who);
      h.run_to_rest();
      REQUIRE(h.vital_deaths.size() == 1);
      CHECK_THAT(h.vital_deaths[0], Catch::Matchers::Contains(who));
      CHECK_FALSE(h.shared->board.healthy());
      CHECK(h.shared->gate.open() == 0);
      CHECK(h.shared->requests.size() == 0);
      REQUIRE(h.ends().size() == 5);
      for (const auto& [id, d] : h.ends())
        CHECK((d.failure == errc::none || d.failure == errc::unavailable));
      CHECK(h.shared->gate.enter(0, 0).error().code == errc::unavailable);
    }
  }
}
