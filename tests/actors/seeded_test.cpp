#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "tests/actors/seeded_house.hpp"

using namespace baton;
using namespace baton::testing;
using scheduling::order;
using scheduling::start_attempt;
using scheduling::steering;

namespace {

const std::vector<std::vector<counted_device>> clusters{
    {{0}}, {{0}, {0}}, {{0}, {1}}, {{0}, {0, "other"}}, {{0}, {0}, {1}}, {{1}, {1, "other"}},
};

std::uint64_t up_to(std::mt19937_64& r, std::uint64_t n) {
  return std::uniform_int_distribution<std::uint64_t>(0, n - 1)(r);
}

steering random_step(std::mt19937_64& r, std::uint32_t layers, std::size_t devices) {
  auto all = positions_of_chain(layers);
  steering s;
  s.at = all[up_to(r, all.size())];
  s.what = up_to(r, 2) == 0 ? order::kind::preempt : order::kind::hand_off;
  s.to = {static_cast<std::uint32_t>(up_to(r, devices))};
  if (s.what == order::kind::preempt && up_to(r, 2) == 0)
    s.to = metadata::no_device;
  return s;
}

start_attempt random_request(std::mt19937_64& r, std::uint64_t id, std::uint32_t layers, std::size_t devices) {
  start_attempt a;
  a.request = {id};
  a.priority = static_cast<std::int32_t>(up_to(r, 3));
  if (up_to(r, 4) == 0)
    a.pinned = {static_cast<std::uint32_t>(up_to(r, devices))};
  if (up_to(r, 6) == 0)
    a.deadline = std::chrono::milliseconds{1 + up_to(r, 20)};
  for (auto n = up_to(r, 4); n > 0; --n)
    a.steps.push_back(random_step(r, layers, devices));
  std::sort(a.steps.begin(), a.steps.end(), [](auto& x, auto& y) { return x.at < y.at; });
  return a;
}

std::filesystem::path log_file(std::uint64_t seed) {
  return std::filesystem::temp_directory_path() / ("baton_seeded_" + std::to_string(seed) + ".log");
}

void check_replay(const std::filesystem::path& file) {
  std::ifstream in(file);
  auto result = scheduling::replay([&](std::string& line) { return static_cast<bool>(std::getline(in, line)); });
  if (!result)
    FAIL(result.error().message);
  CHECK(result->complete);
  CHECK(result->events > 0);
  CHECK(result->first_difference == 0);
}

/// BATON_SEEDED_RUNS asks for a longer search.
std::uint64_t runs() {
  const char* asked = std::getenv("BATON_SEEDED_RUNS");
  return asked ? std::strtoull(asked, nullptr, 10) : 400;
}

/// What the environment does in one seeded run.
struct mischief {
  int crashes = 0;
  int cancels = 0;
  bool memory = false;
  bool removal = false;
};

void disturb(seeded_house& h, mischief& left, std::uint64_t requests, std::size_t devices) {
  auto& r = h.random;
  switch (up_to(r, 5)) {
  case 0:
    if (left.crashes > 0 && left.crashes-- > 0)
      h.crash(static_cast<std::uint32_t>(up_to(r, devices)));
    break;
  case 1:
    if (left.cancels > 0 && left.cancels-- > 0)
      h.cancel(1 + up_to(r, requests));
    break;
  case 2: h.advance(std::chrono::milliseconds{up_to(r, 5)}); break;
  case 3:
    if (left.memory)
      h.failing->blocks_limit = static_cast<int>(1 + up_to(r, 3));
    break;
  case 4:
    if (left.removal)
      h.remove_model();
    break;
  }
}

} // namespace

TEST_CASE("whatever order messages are handled in, every request ends exactly once", "[actors]") {
  std::map<errc, int> seen;
  scheduling::engine_counters total;
  for (std::uint64_t seed = 1; seed <= runs(); ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 r(seed);
    const auto& devices = clusters[up_to(r, clusters.size())];
    auto layers = static_cast<std::uint32_t>(2 + up_to(r, 4));
    auto file = log_file(seed);
    {
      seeded_house h({.devices = devices,
                      .layers = layers,
                      .policy = up_to(r, 3) == 0 ? "fifo" : "priority",
                      .quantum = std::chrono::microseconds{up_to(r, 3) * 150},
                      .seed = seed,
                      .engine_log = file});
      mischief left{static_cast<int>(up_to(r, 4)), static_cast<int>(up_to(r, 3)), up_to(r, 3) == 0, up_to(r, 6) == 0};
      auto requests = 2 + up_to(r, 5);
      std::uint64_t submitted = 0;
      // Without requests left a crash now and then would go on for ever: it is bounded by `left`.
      for (int idle = 0; idle < 40;) {
        auto choice = up_to(h.random, 20);
        if (choice == 0 && submitted < requests) {
          ++submitted;
          h.submit(random_request(h.random, submitted, layers, devices.size()), static_cast<std::int64_t>(submitted));
        } else if (choice == 1) {
          disturb(h, left, requests, devices.size());
        }
        idle = h.step() || submitted < requests ? 0 : idle + 1;
      }
      h.failing->blocks_limit = 1 << 20;
      for (int i = 0; i < 10; ++i) { // the last deadlines
        h.advance(std::chrono::milliseconds{50});
        h.run_to_rest();
      }
      CHECK(h.broken_at_rest().empty());
      CHECK(h.vital_deaths.empty());
      for (const auto& [id, d] : h.ends())
        ++seen[d.failure];
      auto c = h.shared->board.counters();
      total.preemptions += c.preemptions;
      total.moves += c.moves;
      total.restarts += c.restarts;
    }
    check_replay(file);
    std::filesystem::remove(file);
  }
  // The runs reach what they are meant to.
  CHECK(seen[errc::none] > 800);
  CHECK(seen[errc::cancelled] > 20);
  CHECK(seen[errc::deadline_exceeded] > 10);
  CHECK(seen[errc::unavailable] > 10);
  CHECK(total.preemptions > 200);
  CHECK(total.moves > 200);
  CHECK(total.restarts > 100);
}

TEST_CASE("a request moved at any position gives what it gives undisturbed", "[actors]") {
  constexpr std::uint32_t layers = 5;
  for (const auto& devices : clusters) {
    if (devices.size() < 2)
      continue;
    for (auto at : positions_of_chain(layers)) {
      for (auto what : {order::kind::preempt, order::kind::hand_off}) {
        INFO(devices.size() << " devices, " << at.layer << "." << at.part << ", order " << static_cast<int>(what));
        seeded_house h({.devices = devices, .layers = layers, .seed = at.layer});
        h.run_to_rest(); // a step to a device that is not up yet would be left out
        auto a = plain_request(1);
        a.pinned = {0};
        a.steps = {{what, at, {1}}};
        h.submit(a, 7);
        h.run_to_rest();
        REQUIRE(h.broken_at_rest().empty());
        const auto& d = h.ends().at(1);
        CHECK(d.failure == errc::none);
        CHECK(d.device.value == 1);
        CHECK(d.layer_time.size() == layers);
        for (std::uint32_t i = 0; i < layers; ++i)
          CHECK(d.layer_time[i] == std::chrono::microseconds{1} * counted_parts(i));
        auto c = h.shared->board.counters();
        CHECK(c.preemptions == (what == order::kind::preempt ? 1 : 0));
      }
    }
  }
}
