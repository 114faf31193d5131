#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "actors/runtime.hpp"
#include "apps/catalog.hpp"
#include "apps/defaults.hpp"

namespace baton::apps::http {

struct server_options {
  std::string address = defaults::address;
  std::uint16_t port = defaults::port; ///< 0: any that is free
  std::size_t connections = defaults::connections;
  std::size_t body_limit = defaults::body_limit;
  std::size_t bodies_limit = defaults::bodies_limit;
  std::chrono::milliseconds patience = defaults::client_patience;
  std::chrono::milliseconds drain_timeout = defaults::drain_timeout;
  std::chrono::milliseconds unhealthy_limit = defaults::unhealthy_limit;
  std::string cors_origin;           ///< whose pages may ask, "*" for all; empty: none, as if there were no CORS
  std::filesystem::path token_file;  ///< clients must show the token in it; empty: everybody may ask
  std::filesystem::path certificate; ///< for TLS, with `key`; both empty: plain
  std::filesystem::path key;
  bool log_requests = false; ///< a line at level info for each inference, not at debug
  bool signals = false;      ///< SIGTERM and SIGINT begin the drain; the second one ends the process at once
};

/// Why a server stopped.
enum class ending : std::uint8_t {
  drained,   ///< asked to stop, every request answered
  gave_up,   ///< asked to stop, but something was still open at the drain timeout
  unhealthy, ///< the runtime cannot serve any more
};

/// An HTTP/1.1 server for KServe v2. It lives in the one thread that calls `run`.
class server {
public:
  /// Listens. `runtime` and `models` must outlive the server, which takes the runtime's results for itself.
  /// Errors: `bad_argument` (the address, an empty token, half of what TLS needs), `io` (it cannot listen there, a file
  /// cannot be read).
  static expected<std::unique_ptr<server>> open(server_options options, actors::runtime& runtime, catalog& models);
  ~server();

  std::uint16_t port() const;
  /// Serves until stopped.
  ending run();
  /// Begins the drain: no new connections, no new inference, what is open is answered. From any thread.
  void stop();
  /// Ends at once, as `unhealthy`: health answers nobody any more. From any thread.
  void give_up();

private:
  struct impl;
  explicit server(std::unique_ptr<impl> i);
  std::unique_ptr<impl> impl_;
};

} // namespace baton::apps::http
