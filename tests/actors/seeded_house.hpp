#pragma once

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>

#include "actors/house.hpp"
#include "tests/actors/counting_machine.hpp"

namespace baton::testing {

struct testing_config : actors::house_config {
  testing_config() { set("scheduler.policy", caf::atom("testing")); }
};

/// Attempt 1 of a request that asks for nothing special.
scheduling::start_attempt plain_request(std::uint64_t id);

/// A house on the framework's deterministic scheduler: one thread, a clock that stands still unless moved, and the next
/// actor to run chosen by a seeded generator.
class seeded_house {
public:
  struct options {
    std::vector<counted_device> devices;
    std::uint32_t layers = 4;
    std::string policy = "priority";
    metadata::duration quantum{0};
    std::uint64_t seed = 0;
    std::filesystem::path engine_log, trace;
  };
  explicit seeded_house(const options& o);
  ~seeded_house();

  /// Lets a randomly chosen actor handle one message. False if none has one.
  bool step();
  void run_to_rest();
  void advance(metadata::duration d);

  void submit(scheduling::start_attempt a, std::int64_t input);
  void cancel(std::uint64_t request);
  void crash(std::uint32_t device);
  /// Removes the model without waiting for anybody.
  void remove_model();
  /// Kills a vital actor, by name.
  void kill(const std::string& who);

  /// Results so far. Fails the test on a second end of one request.
  const std::map<std::uint64_t, actors::done>& ends();
  /// Every promise that must hold at rest; empty if all do.
  std::string broken_at_rest();

  std::mt19937_64 random;
  std::shared_ptr<faults> failing = std::make_shared<faults>();
  std::shared_ptr<actors::context> shared;
  std::vector<std::string> vital_deaths;

private:
  options options_;
  actors::model_table::handle chain_;
  testing_config config_;
  caf::actor_system system_;
  caf::scheduler::test_coordinator& turns_;
  scheduling::engine engine_;
  actors::house house_;
  std::map<std::uint64_t, std::int64_t> inputs_;
  std::map<std::uint64_t, actors::done> ends_;
};

} // namespace baton::testing
