#include "actors/request_gate.hpp"

#include <string>

namespace baton::actors {

expected<void> request_gate::enter(std::size_t unread, std::size_t bytes) {
  std::lock_guard guard(mutex_);
  if (closed_)
    return fail(errc::unavailable, "the server is shutting down and takes no new requests");
  if (open_ + unread >= limit_)
    return fail(errc::overloaded, "the limit of " + std::to_string(limit_) + " open requests is reached");
  if (open_ > 0 && (bytes > byte_limit_ || bytes_ > byte_limit_ - bytes))
    return fail(errc::overloaded, "the inputs of the open requests fill " + std::to_string(bytes_) + " of "
                                      + std::to_string(byte_limit_) + " bytes");
  ++open_;
  bytes_ += bytes;
  return {};
}

void request_gate::leave(std::size_t bytes) {
  std::lock_guard guard(mutex_);
  bytes_ -= bytes;
  if (--open_ == 0)
    empty_.notify_all();
}

void request_gate::close() {
  std::lock_guard guard(mutex_);
  closed_ = true;
}

bool request_gate::wait_empty(std::chrono::milliseconds timeout) {
  std::unique_lock guard(mutex_);
  return empty_.wait_for(guard, timeout, [this] { return open_ == 0; });
}

std::size_t request_gate::open() const {
  std::lock_guard guard(mutex_);
  return open_;
}

} // namespace baton::actors
