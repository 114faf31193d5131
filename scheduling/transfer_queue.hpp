#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "scheduling/protocol.hpp"
#include "scheduling/run_queue.hpp"

namespace baton::scheduling {

/// The state of the transfer into one domain: copies waiting, the one under way, tasks delivered but not yet accepted.
/// A pure state machine, hosted by the live transfer and the emulator alike.
class transfer_queue {
public:
  struct config {
    domain_id self;
  };
  /// A copy to carry out: a live set (`bring`) or a finished task's outputs (`deliver`).
  using work = std::variant<bring, deliver>;

  explicit transfer_queue(config c);

  void on(bring m, effects& out);
  /// The host cannot take it (no memory, no plan): refuses.
  void refuse(const bring& m, errc reason, std::string text, effects& out);
  void on(deliver m, effects& out);
  void on(const accepted& m, effects& out);
  /// Also for an accept whose receiver died first: see `run_queue`.
  void on(const declined& m, effects& out);

  /// The next copy, if none is under way; else null. It stays where it is until `copied`.
  const work* next();
  /// What `next` would return; null: nothing.
  const work* upcoming() const;
  /// The copy under way ended. `failure` none: the values are there; `cancelled` or another: they are not.
  void copied(errc failure, std::string text, effects& out);

  bool idle() const;
  bool holds(task_id t) const;
  std::string describe() const;

private:
  void give_up(const bring& m, task_epoch e, bool here, errc reason, std::string text, effects& out);

  config config_;
  std::deque<work> waiting_;
  std::optional<work> under_way_;
  std::map<task_id, bring> given_; ///< by the epoch they were given under
};

} // namespace baton::scheduling
