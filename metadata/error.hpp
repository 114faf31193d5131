#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace baton {

/// Everything that can go wrong at a border of Baton. One list for all rooms; HTTP and exit codes are derived from it.
enum class errc : std::uint8_t {
  none,              ///< No error; only in messages that carry an outcome.
  bad_model,         ///< A model file that cannot be read, is inconsistent, or uses what we do not support.
  bad_request,       ///< Inputs or parameters that do not fit the model.
  bad_argument,      ///< A command-line or configuration value that makes no sense.
  not_found,         ///< A model, device, layer or file that is not there.
  out_of_memory,     ///< A memory limit of a domain would be exceeded.
  overloaded,        ///< A bounded queue is full.
  unavailable,       ///< Shutting down, or no device left to run on.
  cancelled,         ///< The client asked for it.
  deadline_exceeded, ///< The deadline passed first.
  attempt_lost,      ///< The device that held the attempt died.
  values_lost,       ///< Intermediate values are gone or were never completed.
  receiver_down,     ///< The receiver of a hand-over died before it accepted.
  superseded,        ///< A later command took the place of a standing order.
  stale_epoch,       ///< A hand-over older than one already seen.
  device_failed,     ///< A kernel failed; the device may have to be restarted.
  io,                ///< A file or socket could not be read or written.
  internal,          ///< A broken invariant of ours.
};

/// The snake_case name of the code.
std::string_view to_string(errc code);

/// An error value: the code, and one sentence that names the part at fault.
struct error {
  errc code = errc::none;
  std::string message;
};

template <class T>
using expected = tl::expected<T, error>;

/// `return fail(errc::bad_model, "node 'conv1': ...");`
inline tl::unexpected<error> fail(errc code, std::string message) {
  return tl::unexpected<error>(error{code, std::move(message)});
}

} // namespace baton
