#include <array>

#include <boost/asio/buffer.hpp>

#include "apps/http/answer_head.hpp"
#include "apps/http/session.hpp"

/// A session from a complete request on: the answer, and how the connection goes on or ends.
namespace baton::apps::http {

namespace asio = boost::asio;
namespace bhttp = boost::beast::http;
using asio::ip::tcp;

void session::handle() {
  phase_ = phase::answering;
  deadline_ = clock::time_point::max(); // the request has its own
  auto& request = parser_->get();
  auto body = std::move(request.body());
  if (!inflate_body(body))
    return;
  reserve(body.size());
  asked what{view(request.method_string()), view(request.target()), body, facts_.json_size, facts_.request_id};
  auto id = context_.serve.handle(what, [self = shared_from_this()](answer a) { self->write(std::move(a)); });
  if (phase_ != phase::answering)
    return;
  running_ = id;
  read_more(); // so that it is seen when the client leaves
}

bool session::inflate_body(std::string& body) {
  if (facts_.body_coding == coding::identity)
    return true;
  auto limit = std::min(context_.options.body_limit, room());
  auto inflated = inflate(body, facts_.body_coding, limit);
  if (inflated) {
    body = std::move(*inflated);
    return true;
  }
  if (inflated.error().code != errc::overloaded)
    write(refuse(400, inflated.error().message));
  else if (limit < context_.options.body_limit)
    write(refuse(503, too_many_bodies));
  else
    write(refuse(413, inflated.error().message));
  return false;
}

void session::refuse_and_close(answer a) {
  keep_alive_ = false;
  write(std::move(a));
}

void session::write(answer a) {
  if (phase_ == phase::closed)
    return;
  phase_ = phase::writing;
  running_.reset();
  if (!reserve(a.body.size())) // clients that do not read must not fill the memory with answers
    a = refuse(503, "too many large answers are waiting to be read");
  answer_ = std::move(a);
  context_.serve.measured().answered(answer_.status);
  keep_alive_ = keep_alive_ && !context_.draining;
  sending how{keep_alive_, coding::identity, facts_.request_id, {}, false};
  if (!facts_.origin.empty() && !context_.options.cors_origin.empty()
      && (context_.options.cors_origin == "*" || facts_.origin == context_.options.cors_origin)) {
    how.cors_origin = context_.options.cors_origin;
    how.preflight = answer_.status == 204;
  }
  if (facts_.answer_coding != coding::identity && answer_.body.size() >= defaults::compress_from
      && answer_.body.size() <= defaults::compress_limit) {
    answer_.body = deflate(answer_.body, facts_.answer_coding);
    how.body_coding = facts_.answer_coding;
  }
  head_ = answer_head(answer_, how);
  if (parser_->is_header_done() && parser_->get().method() == bhttp::verb::head)
    answer_.body.clear();
  allow(context_.options.patience);
  stream_.async_write(std::array<asio::const_buffer, 2>{asio::buffer(head_), asio::buffer(answer_.body)},
                      [self = shared_from_this()](error_code problem, std::size_t) { self->on_written(problem); });
}

void session::on_written(error_code problem) {
  if (phase_ == phase::closed)
    return;
  answer_ = {};
  reserve(0);
  if (problem)
    return close();
  if (!keep_alive_ || context_.draining)
    return linger();
  next_request();
}

/// Closing with unread bytes would reset the connection and could take the answer with it: so they are read, for a
/// while.
void session::linger() {
  phase_ = phase::lingering;
  if (gone_ || context_.draining)
    return close();
  allow(defaults::linger);
  if (stream_.encrypted())
    return stream_.async_shutdown([self = shared_from_this()](error_code) { self->close(); });
  error_code problem;
  stream_.socket().shutdown(tcp::socket::shutdown_send, problem);
  if (problem)
    return close();
  buffer_.clear();
  read_more();
}

void session::close() {
  phase_ = phase::closed;
  error_code ignored;
  stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
  stream_.socket().close(ignored);
}

} // namespace baton::apps::http
