#pragma once

#include <memory>
#include <optional>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/actors.hpp"
#include "actors/context.hpp"
#include "actors/peer_watch.hpp"
#include "actors/stay_clock.hpp"
#include "scheduling/transfer_queue.hpp"

namespace baton::actors {

/// Owns the copy engine into one domain and hosts its transfer queue.
struct transfer_state {
  static inline const char* name = "transfer";
  explicit transfer_state(transfer_actor::pointer owner) : self(owner), peers_(owner) {}

  void start(std::shared_ptr<context> shared, metadata::domain_id d, const scheduler_actor& scheduler);
  void on(const scheduling::bring& m);
  void on(const introduction& m);
  void on(const scheduling::deliver& m);
  void on(const scheduling::accepted& m);
  void on(const scheduling::declined& m);
  void on(const copy_next& m);
  void down(const caf::down_msg& m);

  transfer_actor::pointer self;
  trace::voice voice;

private:
  /// A receiving block for the task. Errors: as the task is refused with.
  expected<void> prepare(const scheduling::bring& m);
  /// Bytes copied.
  expected<std::size_t> carry_out(const scheduling::bring& m);
  expected<std::size_t> carry_out(const scheduling::deliver& m);
  void note(const scheduling::task& t, metadata::domain_id from, metadata::time_point begun,
            const expected<std::size_t>& copied) const;
  std::uint32_t kind_of(metadata::device_id d) const { return shared_->devices->at(d).kind; }
  void act();
  void perform(scheduling::envelope&& letter);
  metadata::time_point now() const { return self->system().clock().now() - shared_->epoch; }

  std::shared_ptr<context> shared_;
  metadata::domain_id domain_;
  caf::actor_addr scheduler_;
  peer_watch peers_;
  std::unique_ptr<gpu::copy_engine> copier_;
  std::optional<scheduling::transfer_queue> queue_;
  stay_clock stays_{&scheduling::phases::moving};
  scheduling::effects effects_;
  bool asked_ = false; ///< a `copy_next` is in the mailbox
};

transfer_actor::behavior_type transfer(transfer_actor::stateful_pointer<transfer_state> self,
                                       std::shared_ptr<context> shared, metadata::domain_id d,
                                       const scheduler_actor& scheduler);

/// With a thread of its own, unless the context says otherwise.
transfer_actor spawn_transfer(caf::actor_system& system, std::shared_ptr<context> shared, metadata::domain_id d,
                              const scheduler_actor& scheduler);

} // namespace baton::actors
