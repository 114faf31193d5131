#pragma once

#include <map>
#include <memory>
#include <set>
#include <vector>

#include <caf/actor_addr.hpp>
#include <caf/local_actor.hpp>

#include "actors/actors.hpp"

namespace baton::actors {

/// What a worker or a transfer knows of the workers it gives tasks to: where each is, whether it lives, and what has
/// been given to it and is not yet accepted. The death of a receiver comes back as the `declined` it did not live to
/// send, after everything it did send.
class peer_watch {
public:
  explicit peer_watch(caf::local_actor* self) : self_(self) {}

  void update(const introduction& m);
  bool introduced() const { return who_ != nullptr; }
  const directory& who() const { return *who_; }

  /// Sends the letter, and remembers what it gives to a worker. If that worker is known to be dead nothing is sent, and
  /// the decline is added to `declined`.
  void send(const trace::voice& from, scheduling::envelope&& letter, std::vector<scheduling::declined>& declined);
  /// The receiver has spoken.
  void settled(metadata::task_id t, metadata::task_epoch e);
  /// What the dead worker had been given and had not accepted.
  std::vector<scheduling::declined> lost(const caf::actor_addr& dead);

private:
  struct gift {
    metadata::task_epoch epoch;
    caf::actor_addr receiver; ///< the very worker, not its successor
  };
  void watch(const worker_actor& w);

  caf::local_actor* self_;
  std::shared_ptr<const directory> who_;
  std::set<caf::actor_addr> alive_;
  std::map<metadata::task_id, gift> given_;
};

} // namespace baton::actors
