#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "actors/controller_core.hpp"
#include "scheduling/engine.hpp"
#include "scheduling/run_queue.hpp"
#include "scheduling/transfer_queue.hpp"

/// The whole protocol without the actor framework: the real state machines, wires between them (first in, first out per
/// sender and receiver; nothing else is promised), and an environment that may cancel, refuse memory and kill workers.
/// A value: it can be copied, so that every next step of every state can be tried.
namespace baton::testing {

using namespace scheduling;

struct scenario {
  std::string name;
  std::string policy = "priority";
  cluster devices;
  std::vector<start_attempt> requests; ///< attempt 1, in the order they are submitted
  std::uint32_t kills = 0;             ///< workers that may die, at any time
  std::uint32_t refusals = 0;          ///< accepts and brings that may find no memory
  std::vector<request_id> cancels;     ///< requests that may be cancelled, at any time
  bool removal = false;                ///< the model may be removed, at any time
  duration predicted{};                ///< of a run; if it is known, tasks may stand in line at a device
};

/// What went by, to see that a scenario reaches what it is meant to.
struct coverage {
  std::map<std::string, std::uint64_t> seen;
};

class world {
public:
  world(const scenario& s, coverage& c);
  world(const world& other);
  world& operator=(const world&) = delete;

  struct step {
    enum class kind : std::uint8_t { deliver, run, copy, copy_cancelled, cancel, kill, refuse, remove };
    kind what;
    std::size_t index = 0; ///< of a wire, a device, a domain or a request
  };
  /// Everything that could happen next. Empty: the system is at rest and the environment has done what it may.
  std::vector<step> steps() const;
  /// Whether it is at rest but for the environment.
  bool quiet() const;
  void take(const step& s);
  /// The first broken promise, if any.
  std::optional<std::string> broken() const;
  /// Further promises that hold once nothing can happen any more.
  std::optional<std::string> broken_at_rest() const;
  std::string describe() const;
  std::string describe(const step& s) const;

private:
  struct address { ///< a party, and which life of it
    party who;
    std::uint32_t life = 0;
    friend auto operator<=>(const address&, const address&) = default;
  };
  struct down {
    device_id device;
    std::uint32_t life = 0;
  };
  struct up {
    device_id device;
  };
  struct directory {
    device_id device;
    std::uint32_t life = 0;
  };
  using packet = std::variant<message, down, up, directory>;
  struct give {
    task_epoch epoch;
    device_id device;
    std::uint32_t life = 0;
  };
  struct host { ///< what the shell of a worker or transfer remembers
    std::map<device_id, std::uint32_t> lives;
    std::map<task_id, give> gives;
  };

  void push(const address& from, const address& to, packet p);
  address where(party p) const;
  void handle(const address& to, const address& from, const packet& p, bool refuse);
  void to_engine(const event& e);
  template <class Queue>
  static bool hear_of_others(const packet& p, host& h, Queue& q, effects& out);
  void to_worker(device_id d, const packet& p, bool refuse);
  void to_transfer(domain_id d, const packet& p, bool refuse);
  void to_controller(const message& m);
  void carry_out(party self, host& h, const effects& out);
  void carry_out(const actors::controller_core::effects& out);
  void note_command(command_id c);
  void note_answer(const answer& a);
  bool can_refuse(const packet& p) const;
  bool alive(const address& a) const;

  const scenario* scenario_;
  coverage* coverage_;
  engine engine_;
  actors::controller_core controller_;
  std::map<device_id, run_queue> workers_;
  std::map<device_id, std::uint32_t> lives_;
  std::map<domain_id, transfer_queue> transfers_;
  std::map<party, host> hosts_;
  std::map<std::pair<address, address>, std::deque<packet>> wires_;
  std::map<command_id, std::uint32_t> answers_;
  std::map<request_id, std::uint32_t> ends_;
  std::vector<request_id> tokens_; ///< cancelled
  std::uint32_t kills_ = 0, refusals_ = 0;
  bool removed_ = false, forgotten_ = false; ///< the model
  std::optional<std::string> broken_;
};

} // namespace baton::testing
