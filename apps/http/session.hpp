#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "apps/http/server.hpp"
#include "apps/http/service.hpp"

namespace baton::apps::http {

class session;

/// What the sessions of a server share. Outlives them.
struct session_context {
  server_options options;
  service& serve;
  std::set<session*> sessions;
  std::size_t bodies = 0; ///< bytes reserved for bodies
  bool draining = false;
  std::function<void()> on_end; ///< after a session has gone
};

/// One connection: reads a request, has it answered, writes the answer, and again while the client keeps it alive. It
/// keeps itself alive by its pending operations. A client that closes (or half-closes) its side while its inference
/// runs is taken to have left: the inference is cancelled. One that is too slow finds the connection closed.
class session : public std::enable_shared_from_this<session> {
public:
  session(boost::asio::ip::tcp::socket socket, session_context& context);
  ~session();
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  void start();
  /// Closes the connection if no request is under way on it.
  void close_if_idle();

private:
  using error_code = boost::beast::error_code;
  using request_parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using response = boost::beast::http::response<boost::beast::http::string_body>;

  void read_header();
  void on_header(error_code problem);
  bool acceptable_header();
  void invite_body();
  void read_body();
  void on_body(error_code problem);
  /// Answers a request that could not be read, and closes; or just closes where nobody would hear.
  void on_unreadable(error_code problem);
  void handle();
  void watch_for_leaving();
  void on_readable(std::uint64_t request);
  void write(answer a);
  void on_written(error_code problem);
  void linger();
  void discard();
  void close();
  bool reserve(std::size_t bytes);
  void release();

  boost::beast::tcp_stream stream_;
  session_context& context_;
  boost::beast::flat_buffer buffer_;
  std::optional<request_parser> parser_;
  std::optional<response> response_;
  std::size_t reserved_ = 0;
  std::uint64_t requests_ = 0; ///< counts them, so that a late notice is not taken for a newer one
  std::optional<metadata::request_id> running_;
  bool idle_ = true;
  bool answering_ = false; ///< a request is waiting for its answer
  bool keep_alive_ = false;
};

} // namespace baton::apps::http
