#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "scheduling/run_queue.hpp"
#include "scheduling/transfer_queue.hpp"
#include "scheduling/workloads/random_numbers.hpp"
#include "tests/scheduling/ledger.hpp"

/// An engine among the real queues of workers and transfers, where everything that may happen does, at random: messages
/// of different senders overtake each other, requests come, are cancelled and run late, memory is short, data bad,
/// workers die, models come and go. Seeded.
namespace baton::testing {

struct storm_options {
  std::string policy;
  std::uint64_t seed = 1;
  std::size_t events = 10000; ///< that the engine is given, before it is left to come to rest
  bool steered = false;       ///< requests ask for preemptions and hand-overs
  duration backlog = defaults::backlog;
  std::size_t most_loaded = 3; ///< models that a domain has memory for, of three
};

class storm {
public:
  explicit storm(const storm_options& o);
  /// To its end, or until something is broken.
  void run();

  const ledger& books() const { return books_; }
  const std::string& log() const { return log_; }
  std::size_t events() const { return events_; }

private:
  struct down {
    device_id device;
    std::uint32_t life = 0;
  };
  /// Of the layer of the middle, which is recurrent.
  static constexpr std::uint32_t steps = 6;
  /// Of every layer; a worker looks at its messages after each.
  static constexpr std::chrono::microseconds part_time{1};
  using packet = std::variant<message, down, worker_up>;
  struct give {
    task_epoch epoch;
    device_id device;
    std::uint32_t life = 0;
  };
  struct worker {
    std::unique_ptr<run_queue> queue; ///< null: dead
    std::uint32_t life = 0;
    std::optional<job> building;
  };

  bool one_in(std::uint64_t n) { return random_.below(n) == 0; }
  bool step();
  void environment();
  void request();
  void kill(device_id d);
  void replace_model();
  bool deliver(std::size_t wire);
  bool work(device_id d);
  bool finds_room(const job& j);
  bool copy(domain_id d);
  void to_engine(const event& e);
  void hear(const party& self, const packet& p);
  template <class Queue>
  void hear_of_death(const party& self, const down& d, Queue& q, effects& out);
  void at_worker(device_id d, const message& m, effects& out);
  void at_transfer(domain_id d, const message& m, effects& out);
  void carry_out(const party& self, const effects& out);
  void push(const party& from, const party& to, packet p);
  std::map<task_id, int> holders() const;

  storm_options options_;
  std::shared_ptr<const cluster> devices_;
  workloads::random_numbers random_;
  engine engine_;
  ledger books_;
  std::string log_;
  std::size_t events_ = 0;
  time_point now_{};
  std::set<time_point> wakes_; ///< asked for, each
  bool calm_ = false;          ///< nothing new and nothing bad happens any more
  std::vector<worker> workers_;
  std::map<domain_id, transfer_queue> transfers_;
  std::map<domain_id, std::set<model_id>> loaded_; ///< as many as it has memory for
  std::map<party, std::map<task_id, give>> gives_; ///< accepts not yet answered, by giver
  std::map<std::pair<party, party>, std::deque<packet>> wires_;
  std::vector<model_id> models_;
  std::uint32_t last_model_ = 0;
  std::uint64_t last_request_ = 0;
  std::vector<request_id> cancelled_;
};

} // namespace baton::testing
