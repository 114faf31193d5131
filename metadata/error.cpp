#include "metadata/error.hpp"

namespace baton {

std::string_view to_string(errc code) {
  switch (code) {
  case errc::none: return "none";
  case errc::bad_model: return "bad_model";
  case errc::bad_request: return "bad_request";
  case errc::bad_argument: return "bad_argument";
  case errc::not_found: return "not_found";
  case errc::out_of_memory: return "out_of_memory";
  case errc::overloaded: return "overloaded";
  case errc::unavailable: return "unavailable";
  case errc::cancelled: return "cancelled";
  case errc::deadline_exceeded: return "deadline_exceeded";
  case errc::attempt_lost: return "attempt_lost";
  case errc::values_lost: return "values_lost";
  case errc::receiver_down: return "receiver_down";
  case errc::superseded: return "superseded";
  case errc::stale_epoch: return "stale_epoch";
  case errc::device_failed: return "device_failed";
  case errc::io: return "io";
  case errc::internal: return "internal";
  }
  return "unknown";
}

} // namespace baton
