#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "scheduling/defaults.hpp"
#include "scheduling/protocol.hpp"

namespace baton::actors {

/// The end of a request as the core knows it: `done` without the tensors.
struct ending {
  metadata::request_id request;
  metadata::attempt_number attempt; ///< the last; of it are the outputs, if `failure` is none
  errc failure = errc::none;
  std::string message;
  metadata::device_id device = metadata::no_device;
  scheduling::phases spent;  ///< by the attempt that finished
  scheduling::detours taken; ///< likewise
  metadata::duration total{};
};

/// The request book of the controller: which requests are open, at which attempt. Every request submitted ends exactly
/// once, by the first terminal result of its current attempt. A pure state machine: no threads, no clock, may be
/// copied.
class controller_core {
public:
  /// An envelope goes to the scheduler; in order.
  using effect = std::variant<scheduling::envelope, ending>;
  using effects = std::vector<effect>;

  explicit controller_core(std::uint32_t attempts = scheduling::defaults::attempts) : attempts_(attempts) {}

  /// `first` is attempt 1 of a request not seen before.
  void submit(const scheduling::start_attempt& first, metadata::time_point submitted, metadata::time_point now,
              effects& out);
  /// Members of attempts that are not current any more are ignored.
  void on(const scheduling::finished& m, metadata::time_point now, effects& out);
  /// Tries again after `attempt_lost` and `values_lost`, if an attempt is left and nobody asked to cancel.
  void on(const scheduling::attempt_ended& m, metadata::time_point now, effects& out);
  /// The request ends when the scheduler has answered, with its result if that comes first.
  void cancel(metadata::request_id id, effects& out);
  /// What is submitted from now on ends at once, as `unavailable`.
  void drain() { draining_ = true; }
  /// Ends everything that is open, and drains.
  void end_all(errc why, const std::string& message, metadata::time_point now, effects& out);

  std::size_t open() const { return open_.size(); }
  /// For model checking: everything that decides its future behaviour.
  std::string describe() const;

private:
  struct open_request {
    scheduling::start_attempt current;
    metadata::time_point submitted{};
    bool cancelling = false;
  };
  using book = std::map<metadata::request_id, open_request>;

  book::iterator find_current(metadata::request_id id, metadata::attempt_number attempt);
  void end(book::iterator r, ending e, metadata::time_point now, effects& out);

  std::uint32_t attempts_;
  bool draining_ = false;
  book open_;
};

} // namespace baton::actors
