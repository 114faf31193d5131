#pragma once

#include <optional>
#include <utility>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

namespace baton::apps::http {

/// A connection's bytes, plain or through TLS; who reads and writes need not know which.
class stream {
public:
  /// The executor's own type: no indirection on the way of each completion.
  using socket_type = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

  /// `tls` null: plain.
  stream(socket_type socket, boost::asio::ssl::context* tls) : socket_(std::move(socket)) {
    if (tls)
      tls_.emplace(socket_, *tls);
  }

  socket_type& socket() { return socket_; }
  bool encrypted() const { return tls_.has_value(); }

  /// @pre encrypted()
  template <class Handler>
  void async_handshake(Handler&& then) {
    tls_->async_handshake(boost::asio::ssl::stream_base::server, std::forward<Handler>(then));
  }
  /// Says goodbye to the other side. @pre encrypted()
  template <class Handler>
  void async_shutdown(Handler&& then) {
    tls_->async_shutdown(std::forward<Handler>(then));
  }
  template <class Buffers, class Handler>
  void async_read_some(const Buffers& into, Handler&& then) {
    if (tls_)
      tls_->async_read_some(into, std::forward<Handler>(then));
    else
      socket_.async_read_some(into, std::forward<Handler>(then));
  }
  /// All of them.
  template <class Buffers, class Handler>
  void async_write(const Buffers& from, Handler&& then) {
    if (tls_)
      boost::asio::async_write(*tls_, from, std::forward<Handler>(then));
    else
      boost::asio::async_write(socket_, from, std::forward<Handler>(then));
  }

private:
  socket_type socket_;
  std::optional<boost::asio::ssl::stream<socket_type&>> tls_;
};

} // namespace baton::apps::http
