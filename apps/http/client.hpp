#pragma once

#include <chrono>
#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "apps/defaults.hpp"
#include "metadata/error.hpp"

namespace baton::apps::http {

/// Where a server is.
struct server_address {
  std::string host; ///< for the Host header
  boost::asio::ip::tcp::endpoint endpoint;
};
/// Resolves "http://127.0.0.1:8000". Errors: `bad_argument`, `not_found` for a name nobody knows.
expected<server_address> resolve(const std::string& url);

struct http_reply {
  unsigned status = 0;
  std::string body;
};

/// What a request brings.
struct http_content {
  http_content() = default;
  template <std::convertible_to<std::string> T>
  http_content(T&& text) : body(std::forward<T>(text)) {} // NOLINT(google-explicit-constructor): text is content

  std::string body;
  std::optional<std::size_t> json_size; ///< behind so many bytes of JSON are binary tensors
};

/// A client's connection, kept alive from call to call, one call at a time. It reconnects by itself, and tries a call
/// once more if the server had closed an idle connection. Lives in its context's thread.
class connection : public std::enable_shared_from_this<connection> {
public:
  using reply = std::function<void(expected<http_reply>)>;

  connection(boost::asio::io_context& io, server_address to);
  /// Errors: `io` (naming the server), `deadline_exceeded`. @pre no call is under way
  void call(boost::beast::http::verb method, std::string_view target, http_content content,
            std::chrono::milliseconds timeout, reply then);
  /// Ends what is under way; its reply is an error.
  void close();

private:
  using error_code = boost::beast::error_code;
  void connect();
  void send();
  void receive();
  void finish(error_code problem);

  boost::beast::tcp_stream stream_;
  server_address to_;
  boost::beast::flat_buffer buffer_;
  boost::beast::http::request<boost::beast::http::string_body> request_;
  std::optional<boost::beast::http::response_parser<boost::beast::http::string_body>> parser_;
  std::chrono::steady_clock::time_point deadline_;
  reply then_;
  bool connected_ = false;
  bool reused_ = false;
};

/// Calls that are waited for, over one connection. For one thread at a time.
class client {
public:
  explicit client(const server_address& to);
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  expected<http_reply> call(boost::beast::http::verb method, std::string_view target, http_content content = {},
                            std::chrono::milliseconds timeout = defaults::answer_timeout);
  /// The body of a GET that must succeed. Errors: also `io` naming the target, for any status but 200.
  expected<std::string> get(std::string_view target);

private:
  boost::asio::io_context io_{1};
  std::shared_ptr<connection> connection_;
};

} // namespace baton::apps::http
