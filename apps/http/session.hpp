#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "apps/http/request_facts.hpp"
#include "apps/http/server.hpp"
#include "apps/http/service.hpp"
#include "apps/http/stream.hpp"
#include "apps/http/token.hpp"

namespace baton::apps::http {

class session;

/// What the sessions of a server share. Outlives them.
struct session_context {
  server_options options;
  service& serve;
  std::unique_ptr<boost::asio::ssl::context> tls; ///< null: plain
  std::optional<bearer_token> token;              ///< none: everybody may ask
  std::set<session*> sessions;
  std::size_t bodies = 0; ///< bytes of bodies in memory: of requests being read, of answers being written
  bool draining = false;
  std::function<void()> on_end; ///< after a session has gone

  /// While the server ends: for a client to read its answer.
  std::chrono::steady_clock::duration drain_patience() const { return options.drain_timeout / 2; }
};

/// One connection: reads a request, has it answered, writes the answer, and again while the client keeps it alive. It
/// keeps itself alive by its pending operations. Requests sent ahead wait in its buffer, then in the socket's. A client
/// that closes (or half-closes) its side while its inference runs is taken to have left: the inference is cancelled
/// (unless it has sent so far ahead that the buffer is full). One that is too slow finds the connection closed.
class session : public std::enable_shared_from_this<session> {
public:
  using clock = std::chrono::steady_clock;

  session(stream::socket_type socket, session_context& context);
  ~session();
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  void start();
  /// The server ends: closes the connection if no request is under way on it. A client within a request has little time
  /// to complete it (the answer will be that the server ends), or to read its answer.
  void begin_drain();
  /// Closes the connection if the client has been too slow.
  void close_if_late(clock::time_point now);

private:
  using error_code = boost::beast::error_code;
  static constexpr std::string_view too_many_bodies = "the server is reading too many large requests already";
  using request_parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  enum class phase : std::uint8_t {
    handshake,
    header,    ///< waiting for one, or within it
    inviting,  ///< "100 Continue" is being written
    body,      ///< within it
    answering, ///< the service has the request
    writing,
    lingering, ///< nothing more is answered
    closed,
  };

  // -- reading
  void next_request();
  void read_more();
  void on_read(error_code problem, std::size_t bytes);
  void on_gone();
  void parse();
  bool parse_some();
  void skip_empty_lines();
  bool accept_header();
  std::optional<answer> check_header();
  std::optional<answer> check_large_body();
  void invite_body();
  void on_unreadable(error_code problem);

  // -- answering
  void handle();
  bool inflate_body(std::string& body);
  void refuse_and_close(answer a);
  void write(answer a);
  void on_written(error_code problem);
  void linger();
  void close();

  std::size_t room() const;
  bool reserve(std::size_t bytes);
  void limit_body(std::size_t bytes);
  answer too_large() const;
  void allow(clock::duration time);

  session_context& context_;
  stream stream_;
  boost::beast::flat_buffer buffer_;
  std::array<char, defaults::header_read> ahead_; ///< what is read while the buffer may be consumed
  std::optional<request_parser> parser_;
  request_facts facts_;
  std::string head_; ///< of the answer being written
  answer answer_;    ///< being written
  std::size_t reserved_ = 0;
  std::size_t body_limit_ = 0; ///< of the request being read
  clock::time_point deadline_ = clock::time_point::max();
  std::optional<metadata::request_id> running_;
  phase phase_ = phase::handshake;
  bool reading_ = false; ///< a read is under way
  bool begun_ = false;   ///< the first byte of a request is there
  bool gone_ = false;    ///< the client sends no more
  bool keep_alive_ = false;
};

} // namespace baton::apps::http
